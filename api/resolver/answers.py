"""Answers of the resolver: a redirect with the query passed on, or a linkset as JSON or a page."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.negotiation import language_of, weighted
from api.pages import consumer_page
from api.problems import Problem
from api.resolver.links import TypedLink, link_header
from api.resolver.linkset import CONTEXT_HEADER, LD_JSON, LINKSET_JSON, linkset_of, with_context
from api.resolver.target import Target, product_of
from api.services import Services
from api.wording import Wording

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Location",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Anybody's page may ask where a code leads (2.2)."""

_JSON_TYPES = (LINKSET_JSON, LD_JSON, "application/json")


def root_of(services: Services) -> str:
    """The resolver's root, without a slash at its end."""
    return services.settings.public_url.rstrip("/")


def marked(services: Services, target: Target, links: list[TypedLink], answer: Response) -> None:
    """Say in the headers of an answer where the target's links lie."""
    own = answer.headers.get("Link")
    header = link_header(links, f"{root_of(services)}{target.path}")
    answer.headers["Link"] = header if own is None else f"{header}, {own}"
    answer.headers.update(CORS)
    answer.headers["Vary"] = "Accept, Accept-Language"


def to_link(target: Target, link: TypedLink) -> Response:
    """307 to the link, with the whole query string as it was sent (2.12)."""
    before, hash_sign, fragment = link.href.partition("#")
    separator = "&" if "?" in before else "?"
    query = separator + target.query if target.query else ""
    href = before + query + hash_sign + fragment
    return RedirectResponse(href, 307, headers={"Cache-Control": "no-store"})


def json_type_wanted(request: Request) -> str | None:
    """The JSON type that the client prefers to a page; None where it wants a page."""
    wanted = dict(weighted(request.headers.get("accept", "*/*")))
    best = max(_JSON_TYPES, key=lambda name: wanted.get(name, 0.0))
    page = max(wanted.get("text/html", 0.0), wanted.get("application/xhtml+xml", 0.0))
    return best if wanted.get(best, 0.0) > page else None


def linkset_answer(
    services: Services,
    request: Request,
    target: Target,
    links: list[TypedLink],
    *,
    status: int = 200,
) -> Response:
    """The linkset in the form that the client wants."""
    linkset = _linkset(services, target, links)
    media_type = json_type_wanted(request)
    if media_type is None:
        kind = "choices" if status == 300 else "links"
        return _page(services, request, links, linkset, status=status, kind=kind)
    if media_type == LD_JSON:
        linkset, headers = with_context(linkset), {}
    else:
        headers = {"Link": CONTEXT_HEADER}
    headers["Cache-Control"] = "no-store"
    return Response(msgspec.json.encode(linkset), status, headers, media_type)


def no_such_link(
    services: Services, request: Request, target: Target, links: list[TypedLink]
) -> Response:
    """404: the code is known, but has no link of the type; a page shows those that it has."""
    if json_type_wanted(request) is not None:
        detail = "the code has no link of this type"
        return Problem(404, "link-type-unknown", detail, field="linkType").response()
    linkset = _linkset(services, target, links)
    return _page(services, request, links, linkset, status=404, kind="no_link")


def _linkset(services: Services, target: Target, links: list[TypedLink]) -> dict[str, Any]:
    product = product_of(services, target)
    name = product.name if product is not None else None
    return linkset_of(target, links, root_of(services), name)


def _page(
    services: Services,
    request: Request,
    links: list[TypedLink],
    linkset: dict[str, Any],
    *,
    status: int,
    kind: str,
) -> Response:
    shown = list({link.href: link for link in reversed(links)}.values())[::-1]
    return consumer_page(
        "resolver/links.html",
        nonce_bytes=services.random_bytes(16),
        status=status,
        w=words_of(services, request),
        brand=services.settings.brand_name,
        kind=kind,
        links=shown,
        # `<` would end the script that holds the JSON-LD.
        json_ld=msgspec.json.encode(with_context(linkset)).decode().replace("<", "\\u003c"),
    )


def words_of(services: Services, request: Request) -> Wording:
    """The resolver's words in the language that the browser asks for."""
    language = language_of(request.headers.get("accept-language"))
    return Wording("api.resolver", language, brand=services.settings.brand_name)
