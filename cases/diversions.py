"""Goods that left their territory: leaks shown by the test, and origin cases that surface abroad.

Every finding about one dealer and one place belongs to one case, which then takes in each further
item of the dealer that is seen there.
"""

from math import ceil, comb

from msgspec import Struct, field

from cases.case import Case, middle_of
from cases.cells import Cell, cells, centre
from cases.judgement import Judgement
from cases.leak import Crossed, Tested
from cases.natural import Natural
from registry.policy import Policy
from rules.model import Finding, Sighting, Subject
from rules.places_seen import LonLat, rough_m

DAY_US = 86_400_000_000
NEAR_M = 75_000.0
ORDINARY_CASE = 24
KEPT_DAYS = 120
MOST_VISITS_AN_ITEM = 4.0
"""More visits an item than this are a showcase's or a fair's, not buyers'."""
MOST_KEPT = 40
LOCATED = 0.35
"""About such a share of items is ever read with a place."""
TOGETHER = 0.01
"""Friends and families travel together: such a share of a case, at least, may go to one place."""
CLONED_ITEMS = 3
"""So many items of one origin case that are here and far away at once are copies."""
MOST_BOTH = 6
"""One item of so many may have been taken home by a traveller after all."""
TRAVELLED = 0.35
"""A larger share of goods than this does not travel on from where they were sold."""
OTHERS_SOLD = 2
"""So many items of other origin cases show that the dealer's goods are sold there."""
DOUBTFUL_ITEMS = 2
"""With so many, nobody is accused."""


class Surfaced(Struct):
    """What was seen of one origin case in one cell."""

    first_us: int
    last_us: int
    items: dict[str, str] = field(default_factory=dict)
    """GTIN by item, of those first seen there."""
    visits: int = 0
    elsewhere: dict[str, None] = field(default_factory=dict)
    """Items that were read here and far from here."""
    both: dict[str, None] = field(default_factory=dict)
    """Items first seen here, abroad, and later where their dealer may sell them; or first seen
    somewhere else and then here."""
    inputs: dict[str, None] = field(default_factory=dict)
    territories: dict[str, float] = field(default_factory=dict)
    """How many of the items were first seen in each territory."""
    places: list[LonLat] = field(default_factory=list)
    """Of the first visits."""

    @property
    def place(self) -> LonLat:
        """The middle of the visits."""
        return middle_of(self.places)

    @property
    def territory_id(self) -> str | None:
        """Where most of the items were first seen, ties by id."""
        return min(self.territories, key=lambda t: (-self.territories[t], t), default=None)


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
                _visit(seen, sighting, judged)
            if doubled:
                seen.elsewhere[sighting.item] = None
                seen.inputs[judged.identity] = None
                is_home = sighting.probability_outside < 0.05
                if is_home if sighting.item in seen.items else here and abroad:
                    seen.both[sighting.item] = None
            touched.append((into, seen, here))
        return touched

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
            if case.place is not None and rough_m(case.place, place) <= NEAR_M:
                return case
        return None

    def begin(
        self, dealer_id: str, place: LonLat, judged: Judgement, confidence: float
    ) -> tuple[Case, bool]:
        """The dealer's case about the place, and whether it is a new one."""
        case = self.case_near(dealer_id, place)
        if case is not None:
            case.confidence = max(case.confidence, confidence)
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
        )
        self.open.setdefault(dealer_id, []).append(case)
        return case, True

    def forget(self, now_us: int, quiet_us: int) -> None:
        """Let go of what has been quiet for long."""
        oldest_us = now_us - KEPT_DAYS * DAY_US
        self.copied = {k: at_us for k, at_us in self.copied.items() if at_us >= oldest_us}
        self.surfaced = {k: seen for k, seen in self.surfaced.items() if seen.last_us >= oldest_us}
        for dealer_id, cases in list(self.open.items()):
            self.open[dealer_id] = [case for case in cases if case.last_us >= now_us - quiet_us]


def take(case: Case, item: str, gtin: str) -> None:
    """One more item of a diversion, with its alert."""
    case.count_item(item, gtin)
    case.add_alert(("scan-outside-territory", "item", item))


def _visit(seen: Surfaced, sighting: Sighting, judged: Judgement) -> None:
    seen.visits += 1
    if len(seen.places) < MOST_KEPT:
        seen.places.append((sighting.lon, sighting.lat))
    seen.last_us = max(seen.last_us, judged.known_us)
    first_seen_here = sighting.nth == 1 and sighting.probability_outside >= 0.95
    if first_seen_here and len(seen.items) < MOST_KEPT:
        seen.items.setdefault(sighting.item, sighting.gtin)
        if sighting.territory_id is not None:
            before = seen.territories.get(sighting.territory_id, 0.0)
            seen.territories[sighting.territory_id] = before + 1.0
        seen.inputs[judged.identity] = None


def is_surfaced(
    seen: Surfaced,
    into: Cell,
    sighting: Sighting,
    natural: Natural,
    tested: dict[str, Tested],
    case_size: int | None,
    policy: Policy,
) -> float | None:
    """How improbable it is that chance brought so many items of one origin case to one place, over
    all origin cases; None where it is not improbable enough, or is a showcase's doing."""
    count = len(seen.items)
    if count < policy.surfaced_items or len(seen.elsewhere) >= DOUBTFUL_ITEMS or seen.both:
        return None
    if seen.last_us - seen.first_us < DAY_US or seen.visits > MOST_VISITS_AN_ITEM * count:
        return None
    border_m = sighting.distance_m
    if border_m is not None and border_m < policy.surfaced_border_m:
        return None
    border_km = (border_m or 0.0) / 1000.0
    p0 = max(natural.share(sighting.dealer_id, into, border_km, policy), TOGETHER)
    located = max(ceil(LOCATED * (case_size or ORDINARY_CASE)), count)
    origins = max(sum(state.trials for state in tested.values()) / located, 1.0)
    chance = comb(located, count) * float(p0**count) * origins
    return chance if chance <= policy.surfaced_level else None


def is_cloned(
    seen: Surfaced, into: Cell, dealer_id: str, natural: Natural, tested: Tested | None
) -> bool:
    """Whether a block of codes was copied: its items are in a place and far from it at once, too
    many for travellers, or one is at home and just there where others surfaced abroad. The place
    is not where the dealer sells anyway, nor where goods of its other origin cases are sold, too:
    those are leaked, and travel from there."""
    elsewhere, there = len(seen.elsewhere), len(seen.items)
    if not (
        (elsewhere >= CLONED_ITEMS and elsewhere >= TRAVELLED * there)
        or (seen.both and there >= CLONED_ITEMS and len(seen.both) * MOST_BOTH >= there)
    ):
        return False
    bets = tested.bets.get(into) if tested else None
    if bets is not None and bets.items - there >= OTHERS_SOLD:
        return False
    return natural.commuting(dealer_id, into) < 0.2


def leak_finding(crossed: Crossed, territory_id: str | None) -> Finding:
    """What the leak test says of a dealer."""
    bets, place = crossed.bets, centre(crossed.cell)
    return Finding(
        rule="dealer-leak",
        subject=Subject("dealer", crossed.dealer_id),
        occurred_us=bets.course[-1][0],
        strength=min(0.999, 1.0 - 0.5 * 10 ** (crossed.threshold - crossed.evidence - 1)),
        inputs=tuple(bets.inputs),
        facts={
            "dealer_id": crossed.dealer_id,
            "territory_id": territory_id,
            "lon": round(place[0], 2),
            "lat": round(place[1], 2),
            "items": bets.items,
            "origins": len(bets.origins),
            "natural_share": bets.natural,
            "evidence": crossed.evidence,
            "threshold": crossed.threshold,
            "gtins": sorted(bets.gtins),
        },
        values={
            "dealer": crossed.dealer_id,
            "items": str(bets.items),
            "origins": str(len(bets.origins)),
            "where_en": territory_id or "no known territory",
            "where_zh": territory_id or "未知区域",
            "odds": f"{crossed.evidence:.0f}",
        },
    )


def surfaced_finding(
    seen: Surfaced, sighting: Sighting, judged: Judgement, chance: float
) -> Finding:
    """What is said of an origin case whose items surface abroad together."""
    place = seen.place
    return Finding(
        rule="case-surfaced",
        subject=Subject("logistic-unit", sighting.origin or ""),
        occurred_us=judged.known_us,
        strength=min(0.99, 1.0 - chance),
        inputs=tuple(seen.inputs),
        facts={
            "dealer_id": sighting.dealer_id,
            "territory_id": seen.territory_id,
            "lon": round(place[0], 2),
            "lat": round(place[1], 2),
            "items": len(seen.items),
            "chance": chance,
            "gtin": sighting.gtin,
        },
        values={
            "items": str(len(seen.items)),
            "dealer": sighting.dealer_id,
            "where_en": seen.territory_id or "no known territory",
            "where_zh": seen.territory_id or "未知区域",
        },
    )


def cloned_finding(seen: Surfaced, sighting: Sighting, judged: Judgement) -> Finding:
    """What is said of an origin case whose codes were copied."""
    place = seen.place
    return Finding(
        rule="codes-copied",
        subject=Subject("logistic-unit", sighting.origin or ""),
        occurred_us=judged.known_us,
        strength=0.95,
        inputs=tuple(seen.inputs),
        facts={
            "items": len(seen.elsewhere),
            "lon": round(place[0], 2),
            "lat": round(place[1], 2),
            "gtin": sighting.gtin,
            "origin": sighting.origin,
        },
        values={"items": str(len(seen.elsewhere))},
    )
