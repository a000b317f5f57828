"""The resolver's endpoints: every address that begins with a GS1 key.

Without a wish for something else an item's code leads to the consumer's page, which notes the scan;
asking for links notes nothing. Clause numbers are those of the standard.
"""

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.consumer.errors import bad_code, not_an_item
from api.consumer.machines import is_fetched_ahead
from api.consumer.printed import read_item
from api.dependencies import Ports
from api.negotiation import weighted
from api.resolver.answers import (
    CORS,
    json_type_wanted,
    linkset_answer,
    marked,
    no_such_link,
    to_link,
)
from api.resolver.choice import best_of
from api.resolver.links import DEFAULT_MULTI, TypedLink, links_of, relation
from api.resolver.linkset import LINKSET_JSON
from api.resolver.target import Target, is_known, read_target
from api.services import Services
from codes.application_identifiers import PRIMARY_KEYS
from codes.errors import CodeError

router = APIRouter()

LINKSETS = frozenset(["linkset", "all"])
"""Link types that ask for all links; ``all`` is the word of the standard's first version."""


async def resolve(rest: str, request: Request, services: Ports) -> Response:
    """Where the code leads: by default to the page for people, with `linkType` or `Accept` to one
    link or to all of them."""
    if is_fetched_ahead(request.headers):
        # Kept by the browser it would answer the person's own reading, which then is never seen.
        return Response(status_code=503, headers={"Cache-Control": "no-store"})
    try:
        target = read_target(services, request)
    except CodeError as error:
        return _open(bad_code(services, request, error))
    if _is_reading(target, request):
        answer = await read_item(services, request, target.uri)
        marked(services, target, links_of(services, target), answer)
        return answer
    if not await asyncio.to_thread(is_known, services, target):
        return _open(not_an_item(services, request))
    links = links_of(services, target)
    answer = _resolved(services, request, target, links)
    marked(services, target, links, answer)
    return answer


def _is_reading(target: Target, request: Request) -> bool:
    """Whether somebody reads an item's code and asks for nothing in particular."""
    if target.serial is None:
        return False
    return target.link_type is None and not _wants_linkset(request)


def _wants_linkset(request: Request) -> bool:
    """``Accept`` asks for a linkset by its own type; that a browser takes anything is no wish."""
    wanted = dict(weighted(request.headers.get("accept", "")))
    return json_type_wanted(request) == LINKSET_JSON and wanted.get(LINKSET_JSON, 0.0) > 0


def _resolved(
    services: Services, request: Request, target: Target, links: list[TypedLink]
) -> Response:
    asked = target.link_type
    if asked in LINKSETS or (asked is None and json_type_wanted(request) is not None):
        return linkset_answer(services, request, target, links)
    accept = request.headers.get("accept")
    languages = request.headers.get("accept-language")
    if asked is None:
        several = [link for link in links if link.rel == DEFAULT_MULTI]
        fitting = best_of(several, languages, accept)
        return to_link(target, fitting[0] if len(fitting) == 1 else links[0])
    candidates = [link for link in links if link.rel == relation(asked)]
    if not candidates:
        return no_such_link(services, request, target, links)
    fitting = best_of(candidates, languages, accept)
    if len({link.href for link in fitting}) > 1:
        # What language and type leave open, the default decides, if it is among them (2.6.3).
        fitting = [link for link in fitting if link.href == links[0].href] or fitting
    if len({link.href for link in fitting}) > 1:
        return linkset_answer(services, request, target, fitting, status=300)
    if fitting[0].own and target.serial is not None:
        # Asked for by its type, the page is the reading of the code: its address lacks the wish.
        return RedirectResponse(fitting[0].href, 307, headers={"Cache-Control": "no-store"})
    return to_link(target, fitting[0])


def _open(answer: Response) -> Response:
    answer.headers.update(CORS)
    return answer


async def allow(rest: str) -> Response:
    """What may be asked, and from where: anybody's page (2.2)."""
    headers = {
        **CORS,
        "Allow": "GET, HEAD, OPTIONS",
        "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
        "Access-Control-Allow-Headers": "Accept, Accept-Language",
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=headers)


_DOCUMENTED = {
    "01": ("The address printed on an item, or of a product or lot", "read_printed_address"),
    "00": ("The address printed on a case or pallet", "read_unit_address"),
}

for _key in sorted(PRIMARY_KEYS):
    _summary, _operation = _DOCUMENTED.get(_key, ("", ""))
    router.add_api_route(
        f"/{_key}/{{rest:path}}",
        resolve,
        methods=["GET"],
        tags=["consumer"],
        summary=_summary,
        operation_id=_operation or None,
        status_code=303 if _key == "01" else 307,
        response_class=RedirectResponse,
        include_in_schema=_key in _DOCUMENTED,
    )
    router.add_api_route(
        f"/{_key}/{{rest:path}}", resolve, methods=["HEAD"], include_in_schema=False
    )
    router.add_api_route(
        f"/{_key}/{{rest:path}}", allow, methods=["OPTIONS"], include_in_schema=False
    )
