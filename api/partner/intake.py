"""The intake endpoints: one a kind of event."""

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.dependencies import Ports
from api.partner.admission import (
    admit_item_event,
    admit_offer,
    admit_order,
    admit_position,
    admit_scan,
)
from api.partner.batch import take_batch
from api.partner.bearer import DOCUMENTED, requires
from api.partner.documents import BATCH_RESPONSES, batch_body
from events.model import ItemEvent, Offer, Order, Position, Scan
from stream_processors.topics import ITEM_EVENTS, OFFERS, ORDERS, POSITIONS, SCANS

router = APIRouter(
    prefix="/v1",
    tags=["partner"],
    dependencies=DOCUMENTED,
    responses=BATCH_RESPONSES,
)
_JUDGED = ("gtin", "serial", "signature", "issued", "hidden_code", "activation")


@router.post(
    "/scans",
    status_code=202,
    summary="Scans of trade users",
    dependencies=[Depends(requires("scans"))],
    openapi_extra=batch_body(Scan, judged_here=_JUDGED),
    operation_id="take_scans",
)
async def take_scans(request: Request, services: Ports) -> Response:
    """`gtin`, `serial`, `signature` and `issued` are judged here from `uri`."""
    return await take_batch(request, services, SCANS, admit_scan)


@router.post(
    "/positions",
    status_code=202,
    summary="Fixes of trackers",
    dependencies=[Depends(requires("positions"))],
    openapi_extra=batch_body(Position),
    operation_id="take_positions",
)
async def take_positions(request: Request, services: Ports) -> Response:
    """Degrees in `crs`, the radius in metres at level 0.68."""
    return await take_batch(request, services, POSITIONS, admit_position)


@router.post(
    "/item-events",
    status_code=202,
    summary="EPCIS 2.0 events",
    dependencies=[Depends(requires("item-events"))],
    openapi_extra=batch_body(ItemEvent),
    operation_id="take_item_events",
)
async def take_item_events(request: Request, services: Ports) -> Response:
    """`event_id` is the event's `eventID`; an event without one gets the hash of its content."""
    return await take_batch(request, services, ITEM_EVENTS, admit_item_event)


@router.post(
    "/orders",
    status_code=202,
    summary="Orders of dealers",
    dependencies=[Depends(requires("orders"))],
    openapi_extra=batch_body(Order),
    operation_id="take_orders",
)
async def take_orders(request: Request, services: Ports) -> Response:
    """What dealers ordered."""
    return await take_batch(request, services, ORDERS, admit_order)


@router.post(
    "/offers",
    status_code=202,
    summary="Prices seen",
    dependencies=[Depends(requires("offers"))],
    openapi_extra=batch_body(Offer),
    operation_id="take_offers",
)
async def take_offers(request: Request, services: Ports) -> Response:
    """Amounts are decimals written as strings."""
    return await take_batch(request, services, OFFERS, admit_offer)
