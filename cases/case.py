"""A case as gathering makes it: what belongs to it, how sure it is, and its published form."""

import hashlib
import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Literal

import rfc8785
from msgspec import Struct, field

from cases.deadlines import Deadlines
from cases.exposure import Exposure
from cases.scanned import ShareRead
from events.identity import Identity
from events.timed import rfc3339
from rules.model import Subject
from rules.places_seen import LonLat
from rules.signal import event_id, rounded

Kind = Literal["diversion", "clone", "transport", "cold-chain", "price", "order", "custody"]
AlertKey = tuple[str, str, str]
"""Rule, and type and id of the subject: an alert is all signals of one rule about one subject."""
LEAST_PLACES, MOST_PLACES = 3, 300
WHOLE_LOADS: frozenset[Kind] = frozenset(["transport", "cold-chain"])
AROUND_DEGREES, MIDDLE_STEPS = 0.02, 8
"""Half of the buyers live within about two kilometres of the place of sale."""
MOST_LISTED = 2000
"""So many alerts and items are listed; a case may have more."""


class Case(Struct, kw_only=True):
    """A case that grows. ``key`` says what belongs together; ``items`` counts what is known."""

    kind: Kind
    key: tuple[str, ...]
    subject: Subject
    opened_us: int
    opening: Identity
    dealer_id: str | None = None
    territories: dict[str, float] = field(default_factory=dict)
    """Weight of the evidence by the smallest territory that holds its place."""
    gtins: dict[str, int] = field(default_factory=dict)
    items: dict[str, None] = field(default_factory=dict)
    more_items: int = 0
    units: dict[str, dict[str, int]] = field(default_factory=dict)
    """Items by GTIN in each logistic unit that belongs to it."""
    alerts: dict[AlertKey, None] = field(default_factory=dict)
    confidence: float = 0.0
    last_us: int = 0
    known_us: int = 0
    """When what changed it last was known."""
    place: LonLat | None = None
    centres: list[LonLat] = field(default_factory=list)
    """Of a diversion: towns, far from each other, where the goods came up."""
    places: list[LonLat] = field(default_factory=list)
    """Where its goods or codes were first seen, as far as that is known."""
    middle: str | None = None
    """The territory that holds the middle of these places."""
    facts: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, ShareRead] = field(default_factory=dict)
    """Which share of each product is ever read, as of the day ``shares_day``."""
    shares_day: int = -1
    most_items: int | None = None

    @property
    def case_id(self) -> str:
        """SHA-256 of the canonical JSON of what it was opened for and by."""
        named: dict[str, Any] = {"key": list(self.key), "opening": self.opening}
        return hashlib.sha256(rfc8785.dumps(named)).hexdigest()

    @property
    def territory_id(self) -> str | None:
        """Where the goods went: buyers live around the place of sale, so it is the territory that
        holds the middle of where they were seen, if they were seen there, too; else the territory
        of most of the evidence, ties by id."""
        if self.middle in self.territories:
            return self.middle
        return min(self.territories, key=lambda t: (-self.territories[t], t), default=None)

    @property
    def order(self) -> tuple[int, str]:
        """Outputs are sorted by time, then id."""
        return (self.opened_us, self.case_id)

    @property
    def item_count(self) -> int:
        """How many items are known to belong to it."""
        in_units = sum(sum(gtins.values()) for gtins in self.units.values())
        single = len(self.items) + self.more_items
        # What was read of a load is in the load.
        return max(single, in_units) if self.kind in WHOLE_LOADS else single + in_units

    @property
    def unknown_units(self) -> int:
        """Of how many logistic units nobody told what is in them."""
        return sum(not gtins for gtins in self.units.values())

    def seen_at(self, place: LonLat, territory_at: Callable[[LonLat], str | None]) -> None:
        """One more place; the first hundreds tell the middle."""
        if len(self.places) < MOST_PLACES:
            self.places.append(place)
            if len(self.places) >= LEAST_PLACES:
                self.middle = territory_at(middle_of(self.places))

    def count_item(self, item: str, gtin: str | None) -> None:
        """One more item, once."""
        if item in self.items:
            return
        if len(self.items) < MOST_LISTED:
            self.items[item] = None
            if gtin:
                self.gtins[gtin] = self.gtins.get(gtin, 0) + 1

    def count_unit(self, unit: str, gtins: dict[str, int]) -> None:
        """One more logistic unit, or better news of what is in it."""
        if unit not in self.units and len(self.units) >= MOST_LISTED:
            return
        for gtin, number in self.units.pop(unit, {}).items():
            self.gtins[gtin] -= number
            if self.gtins[gtin] == 0:
                del self.gtins[gtin]
        for gtin, number in gtins.items():
            self.gtins[gtin] = self.gtins.get(gtin, 0) + number
        self.units[unit] = gtins

    def add_alert(self, key: AlertKey) -> None:
        """One more alert, once."""
        if len(self.alerts) < MOST_LISTED:
            self.alerts[key] = None


def middle_of(places: Sequence[LonLat]) -> LonLat:
    """Where the places lie most densely: the likeliest centre if they are spread around it with
    the heavy tail of a Cauchy distribution, found from the medians by weighing each place by its
    nearness (P. J. Huber, Robust Statistics, 1981). Those who live far away do not move it."""
    lon, lat = median(lon for lon, _ in places), median(lat for _, lat in places)
    for _ in range(MIDDLE_STEPS):
        wide = math.cos(math.radians(lat))
        weights = [
            1 / (AROUND_DEGREES**2 + ((x - lon) * wide) ** 2 + (y - lat) ** 2) for x, y in places
        ]
        total = sum(weights)
        lon = sum(w * x for w, (x, _) in zip(weights, places, strict=True)) / total
        lat = sum(w * y for w, (_, y) in zip(weights, places, strict=True)) / total
    return lon, lat


def as_json(
    case: Case,
    alert_ids: Callable[[AlertKey], str | None],
    exposure: Exposure | None,
    tier: int,
    deadlines: Deadlines,
) -> dict[str, Any]:
    """The case in the form of ``cases.jsonl``."""
    found = (alert_ids(key) for key in case.alerts)
    form: dict[str, Any] = {
        "case_id": case.case_id,
        "kind": case.kind,
        "subject": {"type": case.subject.type, "id": case.subject.id},
        "gtins": sorted(case.gtins),
        "opened_at": rfc3339(case.opened_us),
        "opening_event_id": event_id(case.opening),
        "alert_ids": sorted(alert_id for alert_id in found if alert_id is not None),
        "confidence": round(case.confidence, 6),
        "tier": tier,
        "look_by": rfc3339(deadlines.look_us),
        "decide_by": rfc3339(deadlines.decide_us),
        "items": case.item_count,
        "facts": {name: _plain(value) for name, value in sorted(case.facts.items())},
    }
    if case.dealer_id is not None:
        form["dealer_id"] = case.dealer_id
    if case.territory_id is not None:
        form["territory_id"] = case.territory_id
    if exposure is not None:
        form["exposure"] = _exposure(exposure)
    return form


def _exposure(exposure: Exposure) -> dict[str, Any]:
    form: dict[str, Any] = {
        "amount": exposure.amount,
        "currency": exposure.currency,
        "basis": exposure.basis,
        "known": {"items": exposure.known_items, "amount": exposure.known_amount},
    }
    if exposure.unknown_units:
        form["unknown_units"] = exposure.unknown_units
    if exposure.without_value:
        form["without_value"] = list(exposure.without_value)
    if exposure.estimate is not None:
        found = exposure.estimate._asdict()
        form["estimated"] = {name: rounded(value) for name, value in found.items()}
    return form


def _plain(value: Any) -> Any:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(member) for member in value]
    return rounded(value)
