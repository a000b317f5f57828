"""The code under the scratch layer: whoever gives it has had the opened package, once.

Works without JavaScript. Tries are counted durably, per item for good and per source for an hour.
"""

import asyncio
import hashlib
import hmac
import ipaddress
from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import limited
from api.consumer.errors import error_page, not_noted, visit_gone, wording_of
from api.consumer.reading import ReadCode, read_item_code
from api.consumer.recording import scan_of
from api.consumer.visitor import is_own_visit, visit_book
from api.consumer.visits import Visit
from api.dependencies import Ports
from api.negotiation import prefers_json
from api.pages import consumer_page
from api.problems import Problem
from api.services import Services
from codes.hidden_codes import TRIES, HiddenCodes
from events.identity import identity
from events.wire import encode_event
from store.hidden_codes import Limits, Outcome, Tried, Try, take
from store.outbox import Outgoing
from stream_processors.topics import SCANS

router = APIRouter()

LIMITS = Limits(item=TRIES, source=20, window=timedelta(hours=1))
LEVEL: dict[Outcome, str] = {
    "first": "ok",
    "again": "ok",
    "reused": "caution",
    "wrong": "caution",
    "closed": "warning",
    "limited": "note",
}
_STATUS: dict[Outcome, int] = {"wrong": 422, "closed": 429, "limited": 429}
_LONGEST_FORM = 4096


@router.post(
    "/v/{address}/hidden-code",
    tags=["consumer"],
    summary="Check the code under the scratch layer",
    operation_id="check_hidden_code",
)
async def check_hidden_code(address: str, request: Request, services: Ports) -> Response:
    """Says whether the code is right, and when it was first used."""
    visit = visit_book(services).read_address(address, services.clock())
    code = read_item_code(visit.uri, services.keys()) if visit is not None else None
    secrets = services.hidden_codes()
    if visit is None or code is None or secrets is None or code.signature != "valid":
        return visit_gone(services, request)
    try:
        _check_visitor(services, request, visit)
        typed = await _typed(request)
    except Problem as problem:
        return error_page(
            services, request, problem, wording_of(services, request)("error"), problem.detail
        )
    try:
        tried = await asyncio.to_thread(
            _tried, services, visit, code, secrets, typed, _source(services, request)
        )
    except SQLAlchemyError:
        return not_noted(services, request)
    request.app.state.relay.wake()
    return _answer(services, request, tried, address)


def _check_visitor(services: Services, request: Request, visit: Visit) -> None:
    if not visit.recorded or not is_own_visit(services, request, visit):
        raise Problem(403, "visit-closed", wording_of(services, request)("hidden_own_visit"))


async def _typed(request: Request) -> str:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise Problem(415, "content-type-unsupported", "the code comes in a form")
    form = await limited(request, _LONGEST_FORM).form(max_files=0, max_fields=4)
    typed = form.get("code", "")
    if not isinstance(typed, str) or not typed.strip() or len(typed) > 40:
        raise Problem(422, "form-invalid", "please type the code", field="code")
    return typed


def _source(services: Services, request: Request) -> str:
    """A keyed hash of the caller's network: an IPv6 network of 64 bits is one household."""
    host = request.client.host if request.client else ""
    try:
        at = ipaddress.ip_address(host)
    except ValueError:
        network = host
    else:
        network = str(ipaddress.ip_network((at, 32 if at.version == 4 else 64), strict=False))
    message = f"tracewarden/hidden-code-source\n{network}".encode()
    return hmac.digest(services.settings.secret_key, message, hashlib.sha256).hex()


def _tried(
    services: Services,
    visit: Visit,
    code: ReadCode,
    secrets: HiddenCodes,
    typed: str,
    source: str,
) -> Tried:
    now = services.clock()
    scan = scan_of(services, visit, code, now, None, hidden_code=True)
    event = Outgoing(identity(scan), SCANS, code.subject, encode_event(scan))
    one = Try(
        fingerprint=secrets.fingerprint(code.gtin, code.serial),
        source=source,
        visit_id=visit.visit_id,
        is_right=secrets.matches(code.gtin, code.serial, typed),
    )
    return take(services.engine, one, LIMITS, now, [event])


def _answer(services: Services, request: Request, tried: Tried, address: str) -> Response:
    status = _STATUS.get(tried.outcome, 200)
    headers = {"Retry-After": "3600"} if tried.outcome == "limited" else {}
    if prefers_json(request.headers.get("accept")):
        first_at = tried.first_at.isoformat() if tried.first_at else None
        told = {
            "outcome": tried.outcome,
            "first_used_at": first_at,
            "tries_left": tried.left if tried.outcome == "wrong" else None,
        }
        return JSONResponse(told, status, {**headers, "Cache-Control": "no-store"})
    page = consumer_page(
        "consumer/hidden_code.html",
        nonce_bytes=services.random_bytes(16),
        status=status,
        w=wording_of(services, request),
        brand=services.settings.brand_name,
        tried=tried,
        level=LEVEL[tried.outcome],
        address=address,
    )
    page.headers.update(headers)
    return page
