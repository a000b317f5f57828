"""A small market for tests of gathering: two dealers side by side, their goods, and what is seen.

Dealer A may sell west of 10° east, dealer B east of it; both between the equator and 10° north.
Events are made as a recording's, stored, judged by every rule, and gathered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from cases.case import Case
from cases.gather import Gathering, step
from cases.judgement import Judgement
from events.model import AnyEvent, ItemEvent, Location, Offer, Order, Position, Scan
from events.timed import timed
from events.wire import encode_event
from judging.gathering import judgements_of
from judging.handling import judge_handlings
from judging.units import judge_items, judge_shipment, units_of
from registry import Registry
from registry.model import Permit
from rules.item import item_of
from rules.signal import Signal
from store.containment import handled_epcs
from store.engine import open_engine
from store.events import store_events
from store.incoming import incoming_of
from store.schema import metadata
from store.stored_history import StoredHistory
from tests.rules.world import BRAND, DEALER_A, DEALER_B, GTIN, registry

BEGIN = datetime(2026, 2, 1, tzinfo=UTC)
DEALER_C = "9506000100135"
GLN = {"A": DEALER_A, "B": DEALER_B, "C": DEALER_C}


def permit(**changed: Any) -> Permit:
    """Dealer A may sell ten items of any product in B, for eleven months."""
    row = Permit(
        permit_id="P",
        dealer_id="D-A",
        gtins="all",
        territory_ids=["B"],
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        valid_to=datetime(2026, 12, 1, tzinfo=UTC),
        quantity=10,
    )
    return replace(row, **changed)


def item(serial: str) -> str:
    """The item's URI."""
    return f"https://id.gs1.org/01/{GTIN}/21/{serial}"


def sscc(number: int) -> str:
    """A case's URI."""
    digits = f"39506000001{number:06d}"
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(digits))
    return f"https://id.gs1.org/00/{digits}{-total % 10}"


@dataclass
class Market:
    """Collects events; ``gather`` judges and gathers them."""

    registry: Registry = field(default_factory=registry)
    events: list[AnyEvent] = field(default_factory=list)

    def receive(self, dealer: str, serials: Sequence[str], case: int | None, day: float) -> None:
        """Items come to a dealer, in a case or loose."""
        if case is not None:
            self.pack(sscc(case), serials, day - 1)
        units = [item(serial) for serial in serials] if case is None else [sscc(case)]
        self.move("receiving", units, day, GLN[dealer])

    def move(
        self, biz_step: str, units: Sequence[str], day: float, to: str | None = None, *,
        disposition: str = "in_progress", late_days: float = 0.0, site: str | None = None,
    ) -> None:  # fmt: skip
        """An object event of the brand's, to a party or at a site."""
        event: dict[str, Any] = {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": biz_step,
            "disposition": disposition,
            "epcList": list(units),
        }
        for name, party in (("source", BRAND), ("destination", to)):
            if to is not None:
                event[f"{name}List"] = [
                    {"type": kind, name: f"https://id.gs1.org/417/{party}"}
                    for kind in ("possessing_party", "owning_party")
                ]
        if site is not None:
            event["bizLocation"] = {"id": f"https://id.gs1.org/414/{site}"}
        self._item_event(event, day, late_days)

    def pack(
        self, parent: str, serials: Sequence[str], day: float, *, late_days: float = 0.0
    ) -> None:
        """Items are packed into a case."""
        self.stack(parent, [item(serial) for serial in serials], day, late_days=late_days)

    def stack(
        self, parent: str, units: Sequence[str], day: float, *,
        action: str = "ADD", late_days: float = 0.0,
    ) -> None:  # fmt: skip
        """Anything is packed into a container, or with ``DELETE`` taken out of it."""
        event = {
            "type": "AggregationEvent",
            "action": action,
            "bizStep": "packing" if action == "ADD" else "unpacking",
            "parentID": parent,
            "childEPCs": list(units),
        }
        self._item_event(event, day, late_days)

    def take_back(self, event: ItemEvent, day: float) -> None:
        """An item event is declared wrong."""
        at = BEGIN + timedelta(days=day)
        wrong = {**event.event, "errorDeclaration": {"declarationTime": at.isoformat()}}
        self.events.append(ItemEvent(event_id=event.event_id, received_at=at, event=wrong))

    def _item_event(self, event: dict[str, Any], day: float, late_days: float) -> None:
        number, at = f"e{len(self.events)}", BEGIN + timedelta(days=day)
        body = {**event, "eventID": number, "eventTime": at.isoformat()}
        body["eventTimeZoneOffset"] = "+00:00"
        received = at + timedelta(days=late_days)
        self.events.append(ItemEvent(event_id=number, received_at=received, event=body))

    def read(
        self, serial: str, lon: float, lat: float, day: float, *, session: str | None = None,
        source: str = "gnss", accuracy_m: float = 10.0, late_days: float = 0.0, **more: Any,
    ) -> None:  # fmt: skip
        """A consumer's read."""
        number, at = f"s{len(self.events)}", BEGIN + timedelta(days=day)
        place = Location(lon=lon, lat=lat, accuracy_m=accuracy_m, source=source)  # type: ignore[arg-type]
        scan: dict[str, Any] = {
            "event_id": number,
            "received_at": at + timedelta(days=late_days),
            "scanned_at": at,
            "uri": f"HTTPS://ID.BRAND.EXAMPLE/01/{GTIN}/21/{serial}",
            "signature": "valid",
            "reader": "consumer",
            "gtin": GTIN,
            "serial": serial,
            "session": session or number,
            "location": place,
        }
        self.events.append(Scan(**(scan | more)))

    def order(self, dealer: str, quantity: int, day: float) -> None:
        """A dealer's order of the product."""
        number, at = f"o{len(self.events)}", BEGIN + timedelta(days=day)
        self.events.append(
            Order(
                event_id=number,
                received_at=at,
                order_id=number,
                dealer_id=dealer,
                gtin=GTIN,
                quantity=quantity,
                ordered_at=at,
            )
        )

    def fix(self, tracker: str, day: float, lon: float, lat: float) -> None:
        """A fix of a tracker at rest."""
        at = BEGIN + timedelta(days=day)
        self.events.append(
            Position(
                event_id=f"p{len(self.events)}", received_at=at, tracker_id=tracker, fixed_at=at,
                lon=lon, lat=lat, accuracy_m=8.0, crs="wgs84", speed_mps=0.0,
            )
        )  # fmt: skip

    def home(self, count: int, case: int = 900, day: float = 3.0) -> None:
        """Dealer A sells so many items at home, in its outlets' towns."""
        serials = [f"H{case}X{number}" for number in range(count)]
        self.receive("A", serials, case, 1.0)
        for number, serial in enumerate(serials):
            lon, lat = 2.0 + number % 5, 2.0 + number % 3
            self.read(serial, lon, lat, day + 0.2 * number)

    def signals(self, rule: str) -> list[Signal]:
        """What a rule over one subject says."""
        told = judgements(self.events, self.registry)
        return [one for judged in told for one in judged.signals if one.rule == rule]

    def gather(self) -> tuple[list[Case], list[Signal]]:
        """Open cases that hold, and signals over many subjects."""
        return gathered(judgements(self.events, self.registry), self.registry)


def judgements(events: Sequence[AnyEvent], world: Registry) -> list[Judgement]:
    """Everything that gathering takes, in no order."""
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        store_events(connection, [incoming_of(timed(e), encode_event(e)) for e in events])
        history = StoredHistory(connection)
        items = {item_of(event) for event in events if isinstance(event, Scan)}
        judged_items = judge_items(sorted(items), history, world)
        drafts = [(key, draft) for key, found in judged_items.items() for draft in found.drafts]
        for shipment in ("SH-1", "SH-2"):
            found = judge_shipment(shipment, history, world).drafts
            drafts += [(shipment, draft) for draft in found]
        things = judge_handlings(
            handled_epcs(connection, moved=bool(world.limited_permits)), history, world
        )
        drafts += [(epc, draft) for epc, judged in things.items() for draft in judged.drafts]
    told = [one for unit in units_of(drafts, world) for one in judgements_of(unit)]
    return told + [_trade(event) for event in events if isinstance(event, Order | Offer)]


def _trade(event: Order | Offer) -> Judgement:
    moment = timed(event)
    return Judgement(
        known_us=moment.received_us,
        known_by=moment.identity,
        identity=moment.identity,
        subject="",
        trade=event,
    )


def gathered(told: Iterable[Judgement], world: Registry) -> tuple[list[Case], list[Signal]]:
    """Cases that hold in the end, and signals over many subjects."""
    state, cases, signals = Gathering(), dict[str, Case](), list[Signal]()
    for judged in sorted(told, key=lambda judged: judged.order):
        state, said = step(state, judged, registry=world)
        signals += said.signals
        cases |= {case.case_id: case for case in said.cases}
        for case in said.fallen:
            cases.pop(case.case_id, None)
    return sorted(cases.values(), key=lambda case: case.order), signals
