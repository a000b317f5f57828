"""Goods that left their territory: leaks shown by the test, and origin cases that surface abroad.

Every finding about one dealer and one place belongs to one case, which then takes in each further
item of the dealer that is seen there.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from cases.case import Case
from cases.cells import Cell, cells
from cases.judgement import Judgement
from cases.surfaced import Surfaced, double, visit
from rules.model import Sighting, Subject
from rules.places_seen import LonLat, rough_m

DAY_US = 86_400_000_000
NEAR_M = 75_000.0
KEPT_DAYS = 120
OVERLAP = 0.1
"""Findings that have so much of their evidence in the same territories are one: buyers live across
borders, and goods are sold in several towns."""


class Diversions(Struct):
    """Open cases by dealer, and origin cases that were seen abroad or in two places."""

    open: dict[str, list[Case]] = field(default_factory=dict)
    surfaced: dict[tuple[str, Cell], Surfaced] = field(default_factory=dict)
    copied: dict[str, int] = field(default_factory=dict)
    """Of which origin cases copies were told, and when."""

    def note(self, sighting: Sighting, judged: Judgement) -> list[tuple[Cell, Surfaced, bool]]:
        """Remember an item of an origin case abroad or in two places; gives what is known of the
        places that it was read at, and whether it is there now."""
        if sighting.origin is None:
            return []
        doubled = len(sighting.places) > 1
        abroad = sighting.probability_outside >= 0.95
        touched = []
        now = cells(sighting.lon, sighting.lat)
        before = [into for place in sighting.places if doubled for into in cells(*place)]
        for into in dict.fromkeys([*now, *before]):
            key, here = (sighting.origin, into), into in now
            if key not in self.surfaced and not (doubled or abroad):
                continue
            seen = self.surfaced.setdefault(key, Surfaced(judged.known_us, judged.known_us))
            if here:
                visit(seen, sighting, judged)
            if doubled:
                double(seen, sighting, judged, into, here)
            touched.append((into, seen, here))
        # Of two places of one code, copies are sold at the one where the dealer may not sell.
        return sorted(touched, key=lambda place: -place[1].foreign)

    def grow(self, sighting: Sighting, judged: Judgement) -> Case | None:
        """Let the dealer's case about this place have the item, if there is one."""
        case = self.case_near(sighting.dealer_id, (sighting.lon, sighting.lat))
        if case is None or sighting.probability_outside < 0.5:
            return None
        take(case, sighting.item, sighting.gtin)
        case.last_us = max(case.last_us, judged.known_us)
        if sighting.territory_id is not None:
            before = case.territories.get(sighting.territory_id, 0.0)
            case.territories[sighting.territory_id] = before + sighting.probability_outside
        return case

    def case_near(self, dealer_id: str, place: LonLat) -> Case | None:
        """The dealer's open case about the place."""
        for case in self.open.get(dealer_id, ()):
            if any(rough_m(centre, place) <= NEAR_M for centre in case.centres):
                return case
        return None

    def _case_into(self, dealer_id: str, territories: Mapping[str, float]) -> Case | None:
        """The dealer's open case whose evidence lies most in the same territories."""
        shared = [
            (_overlap(case.territories, territories), case)
            for case in self.open.get(dealer_id, ())
        ]
        most, case = max(shared, key=lambda pair: pair[0], default=(0.0, None))
        return case if most >= OVERLAP else None

    def begin(
        self,
        dealer_id: str,
        place: LonLat,
        territories: Mapping[str, float],
        judged: Judgement,
        confidence: float,
    ) -> tuple[Case, bool]:
        """The dealer's case about the place, or these territories (with what each weighs), and
        whether it is a new one."""
        case = self.case_near(dealer_id, place) or self._case_into(dealer_id, territories)
        if case is not None:
            case.confidence = max(case.confidence, confidence)
            if all(rough_m(centre, place) > NEAR_M for centre in case.centres):
                case.centres.append(place)
            return case, False
        case = Case(
            kind="diversion",
            key=("diversion", dealer_id, f"{place[0]:.3f}", f"{place[1]:.3f}"),
            subject=Subject("dealer", dealer_id),
            opened_us=judged.known_us,
            opening=judged.known_by,
            dealer_id=dealer_id,
            confidence=confidence,
            last_us=judged.known_us,
            place=place,
            centres=[place],
        )
        self.open.setdefault(dealer_id, []).append(case)
        return case, True

    def forget(self, now_us: int, quiet_us: int) -> None:
        """Let go of what has been quiet for long. A case lasts as long as an origin case that it
        is about is remembered: what is left of that one is no second case."""
        oldest_us = now_us - KEPT_DAYS * DAY_US
        self.copied = {k: at_us for k, at_us in self.copied.items() if at_us >= oldest_us}
        self.surfaced = {k: seen for k, seen in self.surfaced.items() if seen.last_us >= oldest_us}
        remembered = {origin for origin, _ in self.surfaced}
        for dealer_id, cases in self.open.items():
            self.open[dealer_id] = [
                case
                for case in cases
                if case.last_us >= now_us - quiet_us or _origins(case) & remembered
            ]


def _overlap(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The common share of two distributions over territories."""
    all_one, all_other = sum(one.values()), sum(other.values())
    if not all_one or not all_other:
        return 0.0
    return sum(min(one[t] / all_one, other[t] / all_other) for t in sorted({*one} & {*other}))


def _origins(case: Case) -> set[str]:
    """The origin cases that surfaced and made it."""
    return {subject for rule, _, subject in case.alerts if rule == "case-surfaced"}


def take(case: Case, item: str, gtin: str) -> None:
    """One more item of a diversion, with its alert."""
    case.count_item(item, gtin)
    case.add_alert(("scan-outside-territory", "item", item))
