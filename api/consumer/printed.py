"""Reading an item's code: note the scan, then send the browser to the page of this one visit."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.consumer.errors import not_an_item, not_noted
from api.consumer.machines import is_machine
from api.consumer.reading import read_item_code
from api.consumer.recording import record_scan
from api.consumer.visitor import begin_visit, set_pass, visit_book
from api.consumer.visits import Visit
from api.services import Services
from stream_processors.bus.port import BusUnavailableError


async def read_item(services: Services, request: Request, uri: str) -> Response:
    """303 to the page of this visit; ``uri`` is a valid Digital Link as it was read.

    A look ahead (HEAD, a link preview, a crawler) sees the page and notes no scan.
    """
    code = read_item_code(uri, services.keys())
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


def _to_page(services: Services, visit: Visit) -> Response:
    address = visit_book(services).address(visit)
    return RedirectResponse(f"/v/{address}", 303, headers={"Cache-Control": "no-store"})
