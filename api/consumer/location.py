"""The location that somebody agreed to send after the verdict: a second scan of the same visit."""

from typing import Annotated, Literal

from fastapi import APIRouter
from msgspec import Meta, Struct, ValidationError, convert
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import read_body, require_json
from api.consumer.coarse import coarse_location
from api.consumer.reading import read_item_code
from api.consumer.recording import record_scan
from api.consumer.view import LOCATION_WINDOW
from api.consumer.visitor import is_own_visit, known_visit
from api.dependencies import Ports
from api.problems import Problem
from events.errors import EventError
from events.model import AccuracyM, Lat, Lon
from events.strict import decode_json
from stream_processors.bus.port import BusUnavailableError

router = APIRouter()

_LONGEST = 4096


class Fix(Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends: degrees, and metres at the 95 % level, as the browser says them."""

    lon: Lon
    lat: Lat
    accuracy_m: Annotated[AccuracyM, Meta(description="radius in metres, 95 %")]
    crs: Literal["wgs84", "unknown"] = "wgs84"


@router.post(
    "/v/{address}/location",
    tags=["consumer"],
    summary="Add a rough location to a visit",
    status_code=202,
    operation_id="send_location",
)
async def send_location(address: str, request: Request, services: Ports) -> Response:
    """Keeps the place, rounded to about a kilometre; sending it twice changes nothing."""
    visit = known_visit(services, address)
    if not visit.recorded or not is_own_visit(services, request, visit):
        raise Problem(403, "visit-closed", "only the browser that read the code may add its place")
    if services.clock() - visit.at >= LOCATION_WINDOW:
        raise Problem(410, "visit-closed", "too much time has passed since the code was read")
    require_json(request)
    fix = _fix(await read_body(request, _LONGEST))
    code = read_item_code(visit.uri, services.keys())
    if code is None:
        raise Problem(404, "visit-unknown", "the address names no item")
    try:
        location = coarse_location(fix.lon, fix.lat, fix.accuracy_m, fix.crs)
    except ValueError as error:
        raise Problem(422, "event-invalid", str(error), field="lon") from None
    try:
        await record_scan(services, request.app.state.relay, visit, code, location)
    except BusUnavailableError as error:
        raise Problem(503, error.type, error.detail, headers={"Retry-After": "30"}) from None
    return JSONResponse({"accepted": True}, 202, headers={"Cache-Control": "no-store"})


def _fix(body: bytes) -> Fix:
    try:
        return convert(decode_json(body), Fix)
    except EventError as error:
        raise Problem.of(error, status=400) from None
    except ValidationError as error:
        detail, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        raise Problem(422, "event-invalid", detail, field=field or None) from None
