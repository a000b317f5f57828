"""An item of a sealed shipment that is read somewhere else while the shipment is on its way.

Whose row there is none of, the shipping event says whom it comes from and whom it goes to.
"""

from collections.abc import Sequence
from functools import partial

from events.identity import Identity
from registry.authority import ANY_PRODUCT
from registry.known import FOREVER, instant
from registry.model import Shipment
from rules.item import OURS, Concern, ItemContext, ItemScan, item_of, item_subject
from rules.model import Finding, PlaceQuestion, PlaceVerdict
from rules.plan import allowed, is_planned, receiver_id
from rules.transport import ShipmentContext

DAY_US = 86_400_000_000
ON_ITS_WAY = "in_transit"


class ShipmentOpened:
    """Fires on a read by satellite or network, outside the areas of both ends and near no planned
    place, of an item whose container is in transit. Where the shipment is overdue, its receipt may
    only be unreported: that is weak, and where no row tells when it is due, nothing is said from
    some days on. A clock that is far off is not believed."""

    id = "shipment-opened"
    concerns: Concern = "odd"
    initial = None

    def step(
        self, state: None, event: ItemScan, *, context: ItemContext
    ) -> tuple[None, Sequence[PlaceQuestion]]:
        """The question of place, where the item should be in a sealed container."""
        scan, custody = event.event, context.custody
        if scan.location is None or scan.location.source == "ip" or scan.signature not in OURS:
            return None, ()
        if custody.disposition != ON_ITS_WAY or custody.container is None:
            return None, ()
        policy = context.policy
        if event.received_us - event.at_us > policy.opened_clock_s * 1e6:
            return None, ()
        transport = _shipment(item_of(scan), context) or _shipped(event.at_us, context)
        # A permit for another product does not let this one be opened there.
        area = transport and (
            allowed(event.at_us, transport, scan.gtin or ANY_PRODUCT)
            or allowed(event.at_us, transport)
        )
        place = scan.location
        if transport is None or area is None:
            return None, ()
        if is_planned(place, transport, more_m=policy.opened_elsewhere_m):
            return None, ()
        answer = partial(_answer, event, context, transport)
        return None, (PlaceQuestion(area, place, event.at_us, context.known_us, answer),)


def _shipment(item: str, context: ItemContext) -> ShipmentContext | None:
    """The shipment of the item's containers, the newest plan first."""
    registry, known_us = context.registry, context.known_us
    rows = [
        row
        for unit in (item, *context.custody.chain()[1:])
        for shipment_id in registry.shipments_of_unit(unit)
        if (row := registry.shipment(shipment_id, known_us)) is not None
    ]
    if not rows:
        return None
    newest = max(rows, key=lambda row: (instant(row.depart_after, absent=0), row.shipment_id))
    return ShipmentContext(newest, registry, known_us)


def _shipped(at_us: int, context: ItemContext) -> ShipmentContext | None:
    """The outermost container as a shipment, where the shipping event is all that tells of it."""
    custody = context.custody
    to_gln = custody.heading_owner or custody.heading_holder
    shipped_us = custody.heading_us
    if to_gln is None or shipped_us is None:
        return None
    if at_us - shipped_us > context.policy.opened_unplanned_days * DAY_US:
        return None
    unit = custody.chain()[-1]
    plan = Shipment(
        shipment_id=unit,
        ssccs=[unit],
        from_gln=custody.holder or custody.owner or to_gln,
        to_gln=to_gln,
    )
    return ShipmentContext(plan, context.registry, context.known_us)


def _answer(
    event: ItemScan, context: ItemContext, transport: ShipmentContext, verdict: PlaceVerdict
) -> Sequence[Finding]:
    if verdict.verdict != "outside" or verdict.distance_m < context.policy.opened_elsewhere_m:
        return ()
    scan, territory, location = event.event, verdict.territory, event.event.location
    because, levels = context.custody.disposition_by, context.policy.strengths
    shipment_id = transport.shipment.shipment_id
    has_row = shipment_id not in transport.shipment.ssccs
    overdue = has_row and _is_overdue(event, transport)
    finding = Finding(
        rule=ShipmentOpened.id,
        subject=item_subject(scan),
        occurred_us=event.at_us,
        strength=levels.shipment_opened_overdue if overdue else levels.shipment_opened,
        inputs=(event.identity,) if because is None else (event.identity, because),
        facts={
            "dealer_id": receiver_id(transport),
            **({"shipment_id": shipment_id} if has_row else _shipped_by(shipment_id, because)),
            "territory_id": territory.territory_id if territory else None,
            "gtin": scan.gtin,
            "origin": context.origin,
            "lon": round(location.lon, 2) if location else None,
            "lat": round(location.lat, 2) if location else None,
        },
        values={
            "shipment": shipment_id,
            "where_en": territory.name if territory else "a place in no known territory",
            "where_zh": territory.name if territory else "不属于任何已知区域的地点",
        },
    )
    return (finding,)


def _shipped_by(unit: str, because: Identity | None) -> dict[str, str]:
    """What names goods of which there is no row: the unit, and the event that says that it is on
    its way, which others may share."""
    return {"unit": unit, "shipped_by": because or unit}


def _is_overdue(event: ItemScan, transport: ShipmentContext) -> bool:
    due_us = instant(transport.shipment.arrive_before, absent=FOREVER)
    if due_us == FOREVER:
        longest_us = round(transport.policy.opened_overdue_days * DAY_US)
        due_us = instant(transport.shipment.depart_after, absent=event.at_us) + longest_us
    return event.at_us >= due_us
