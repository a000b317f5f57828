"""What may come in: each kind of event, judged by its form and by what is known where it enters."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import shapely

from api.partner.batch import Admitted
from api.services import Services
from codes.elements import problem as element_problem
from codes.epc import item_uri
from codes.errors import CodeError
from codes.signing import Verification, verify
from custody.epcis.event_hash import event_hash
from custody.step import read_step
from events.errors import EventError
from events.model import ItemEvent, Offer, Order, Position, Scan
from events.strict import as_event
from registry.book import Registry
from registry.geometry import shape_of

_JUDGED_HERE = ("gtin", "serial", "signature", "issued", "hidden_code", "activation")
_EPCIS_TYPE = "type"


def admit_scan(services: Services, submitted: Any, received_at: datetime) -> Admitted:
    """A scan of a trade user. What the code says and proves is judged here from ``uri``.

    A sender may repeat what the code says; what it says of signature and issue does not count.
    """
    if not isinstance(submitted, dict):
        raise EventError("an event is a JSON object")
    found = _verified(services, submitted.get("uri"))
    _check_claims(submitted, found)
    judged: dict[str, Any] = {"signature": found.signature}
    if found.gtin is not None and found.serial is not None:
        judged |= {"gtin": found.gtin, "serial": found.serial}
        judged["issued"] = services.issued(found.gtin, found.serial)
        issue = services.issue_of(found.gtin, found.serial)
        judged["activation"] = None if issue is None else issue.objection
    told = {name: value for name, value in submitted.items() if name not in _JUDGED_HERE}
    scan = as_event({**told, **judged}, Scan, received_at)
    if scan.location is not None:
        _check_swapped(services, scan.location.lon, scan.location.lat, "location.lon")
    if scan.gtin is None or scan.serial is None:
        return Admitted(scan.uri, scan)
    return Admitted(item_uri(scan.gtin, scan.serial), scan)


def _verified(services: Services, uri: object) -> Verification:
    if not isinstance(uri, str) or not uri or len(uri) > 8192:
        raise EventError("a scan has the URI that was read", field="uri")
    try:
        return verify(uri, services.keys())
    except CodeError as error:
        raise EventError(
            f"no GS1 Digital Link: {error.detail}", field="uri", type="uri-invalid"
        ) from None


def _check_claims(submitted: Mapping[str, Any], found: Verification) -> None:
    for name, value in (("gtin", found.gtin), ("serial", found.serial)):
        if submitted.get(name) not in (None, value):
            raise EventError("the URI says something else", field=name)


def admit_position(services: Services, submitted: Any, received_at: datetime) -> Admitted:
    """A tracker's fix."""
    position = as_event(submitted, Position, received_at)
    _check_swapped(services, position.lon, position.lat, "lon")
    return Admitted(position.tracker_id, position)


def admit_item_event(services: Services, submitted: Any, received_at: datetime) -> Admitted:
    """An EPCIS event, in the form of a recording's line or bare; without an id it gets a hash."""
    if isinstance(submitted, dict) and "event" not in submitted and _EPCIS_TYPE in submitted:
        submitted = {"event": submitted}
    if isinstance(submitted, dict) and isinstance(submitted.get("event"), dict):
        submitted = {**submitted, "event_id": _epcis_id(submitted)}
    item_event = as_event(submitted, ItemEvent, received_at)
    _, roles = read_step(item_event)
    return Admitted(next(iter(roles), item_event.event_id), item_event)


def _epcis_id(submitted: Mapping[str, Any]) -> Any:
    """``eventID``; else the sender's id; else the CBV event hash."""
    own, given = submitted["event"].get("eventID"), submitted.get("event_id")
    if own is not None and given is not None and own != given:
        raise EventError("it is another than the event's eventID", field="event_id")
    if own is not None:
        return own
    return event_hash(submitted["event"]) if given is None else given


def admit_order(_services: Services, submitted: Any, received_at: datetime) -> Admitted:
    """A dealer's order."""
    order = as_event(submitted, Order, received_at)
    _check_key("01", order.gtin, "gtin")
    if order.ship_to_gln is not None:
        _check_key("410", order.ship_to_gln, "ship_to_gln")
    return Admitted(order.gtin, order)


def admit_offer(_services: Services, submitted: Any, received_at: datetime) -> Admitted:
    """A price that was seen."""
    offer = as_event(submitted, Offer, received_at)
    _check_key("01", offer.gtin, "gtin")
    return Admitted(offer.gtin, offer)


def _check_key(ai: str, value: str, field: str) -> None:
    found = element_problem(ai, value)
    if found is not None:
        raise EventError(found, field=field)


def _check_swapped(services: Services, lon: float, lat: float, field: str) -> None:
    """Refuse a place near a pole that, turned round, lies where the brand sells.

    Milder swaps look like places where somebody may well be, and are not guessed at.
    """
    if -60 <= lat <= 75:
        return
    bounds = _bounds(services.registry())
    if bounds is not None:
        west, south, east, north = bounds
        if west <= lat <= east and south <= lon <= north:
            raise EventError(
                "longitude and latitude look swapped", field=field, type="location-swapped"
            )


@lru_cache(maxsize=2)
def _bounds(registry: Registry) -> tuple[float, float, float, float] | None:
    """West, south, east, north of all territories."""
    shapes = [shape_of(territory) for territory in registry.rows.territories]
    if not shapes:
        return None
    west, south, east, north = shapely.total_bounds(shapes)
    return float(west), float(south), float(east), float(north)
