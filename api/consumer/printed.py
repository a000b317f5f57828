"""The printed address: note the scan, then send the browser to the page of this one visit."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.consumer.errors import not_an_item, not_noted
from api.consumer.machines import is_fetched_ahead, is_machine
from api.consumer.reading import ReadCode, read_item_code
from api.consumer.recording import record_scan
from api.consumer.visitor import begin_visit, set_pass, visit_book
from api.consumer.visits import Visit
from api.dependencies import Ports
from api.services import Services
from codes.errors import CodeError
from stream_processors.bus.port import BusUnavailableError

router = APIRouter()

LONGEST_ADDRESS = 2000
"""Characters of path and query; a code with every GS1 attribute has a few hundred."""


@router.head("/01/{rest:path}", include_in_schema=False)
@router.get(
    "/01/{rest:path}",
    tags=["consumer"],
    summary="The address printed on an item",
    status_code=303,
    response_class=RedirectResponse,
    operation_id="read_printed_address",
)
async def read_printed_address(rest: str, request: Request, services: Ports) -> Response:
    """Notes the scan and redirects to the page of this visit."""
    if is_fetched_ahead(request.headers):
        # Kept by the browser it would answer the person's own reading, which then is never seen.
        return Response(status_code=503, headers={"Cache-Control": "no-store"})
    code = _read(services, request)
    if code is None:
        return not_an_item(services, request)
    if request.method == "HEAD" or is_machine(request.headers.get("user-agent")):
        preview = Visit(code.uri, services.clock(), "preview", recorded=False)
        return _to_page(services, preview)
    visit, browser_pass = begin_visit(services, request, code)
    try:
        await record_scan(services, request.app.state.relay, visit, code)
    except BusUnavailableError:
        return not_noted(services, request)
    response = _to_page(services, visit)
    set_pass(services, response, browser_pass)
    return response


def _read(services: Services, request: Request) -> ReadCode | None:
    target = bytes(request.scope.get("raw_path") or request.url.path.encode()).decode("latin-1")
    target = target.partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    if query:
        target += "?" + query
    if len(target) > LONGEST_ADDRESS:
        return None
    try:
        return read_item_code(services.settings.public_url.rstrip("/") + target, services.keys())
    except CodeError:
        return None


def _to_page(services: Services, visit: Visit) -> Response:
    address = visit_book(services).address(visit)
    return RedirectResponse(f"/v/{address}", 303, headers={"Cache-Control": "no-store"})
