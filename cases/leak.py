"""The leak test: for each dealer and destination a test martingale of foreign first sightings.

Under natural movement the next item of a dealer is first seen in a cell with probability at most
p0, whatever came before. A bet on a share p1 multiplies the wealth by ``y p1/p0 + (1-y)(1-p1)``,
whose expectation is then at most 1 (``y``: the probability that the item is there); by Ville's
inequality wealth that ever reaches 1/a is an error with probability at most a. Bets on several
shares, begun every fortnight, are averaged. Items of one origin case weigh less and less: a factor
to a power below 1 keeps its expectation at most 1 (Jensen). docs/detection.md has it in full.
"""

import math
from collections.abc import Iterable

from msgspec import Struct, field

from cases.cells import Cell, cells, centre
from cases.judgement import Judgement
from cases.natural import Natural
from cases.spots import Spots
from events.identity import Identity
from registry.policy import Policy
from rules.model import Finding, Sighting, Subject
from rules.places_seen import LonLat

SHARES = (0.04, 0.12, 0.35)
"""Leaks that are bet on, as shares of what is seen of a dealer."""
FORTNIGHT_US = 14 * 86_400_000_000
LANES = 26
"""Bets that begin at different times share the wealth: a year of fortnights."""
MOST_LANES = 10
GRIDS = 4
COMPANION = 0.5
"""Each further item of one origin case weighs this much of the one before."""
MOST_COMPANIONS = 2
"""What is read at one spot weighs no less than after so many: a shop sells on and on."""
MOST_INPUTS = 40
SURELY = 0.95
COPIES, TRAVELLED = 3, 0.35
"""So many items, and a larger share than travels on from a place of sale, are copies."""
READ_TWICE, MANY_TIMES = 0.1, 20.0


class Bets(Struct):
    """What is held of one dealer and one cell: logarithms of wealth without the misses."""

    gains: dict[int, list[float]] = field(default_factory=dict)
    items: int = 0
    origins: dict[str, int] = field(default_factory=dict)
    inputs: list[Identity] = field(default_factory=list)
    territories: dict[str, float] = field(default_factory=dict)
    gtins: dict[str, int] = field(default_factory=dict)
    natural: float = 0.0
    course: list[tuple[int, float]] = field(default_factory=list)
    """When which decimal logarithm of the wealth was reached."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """The last items and their GTINs."""
    places: list[LonLat] = field(default_factory=list)
    """Where they were."""
    spots: Spots = field(default_factory=Spots)
    doubled: dict[str, str] = field(default_factory=dict)
    """Items that were read here, abroad, and far from here, too, and their origin cases."""
    doubled_at: Spots = field(default_factory=Spots)
    told: bool = False
    told_copies: bool = False

    @property
    def is_copies(self) -> bool:
        """Whether too many of the items are also far away for goods that travelled on."""
        if self.doubled_at.buyers < COPIES or len(set(self.doubled.values())) < 2:
            return False  # What is out of one origin case is told of that case.
        return len(self.doubled) >= max(COPIES, TRAVELLED * self.items)


class Tested(Struct):
    """One dealer's state: trials in all and at the beginning of each fortnight, and its bets."""

    trials: int = 0
    begun: dict[int, int] = field(default_factory=dict)
    bets: dict[Cell, Bets] = field(default_factory=dict)

    def around(self, places: Iterable[LonLat]) -> list[Bets]:
        """What is held of the cells of all grids that hold one of the places."""
        found = dict.fromkeys(into for place in places for into in cells(*place))
        return [self.bets[into] for into in found if into in self.bets]


class Crossed(Struct, frozen=True):
    """A destination whose wealth has reached the threshold."""

    dealer_id: str
    cell: Cell
    bets: Bets
    evidence: float
    """Decimal logarithm of the wealth."""
    threshold: float


def threshold_log(policy: Policy, dealers: int) -> float:
    """Natural logarithm of the wealth at which a destination is a leak: the level is shared out
    among all dealers and the destinations that each of them may have."""
    hypotheses = max(dealers, 1) * policy.leak_destinations * GRIDS
    return math.log(hypotheses / policy.leak_level)


def test(
    tested: Tested,
    natural: Natural,
    sighting: Sighting,
    judged: Judgement,
    policy: Policy,
    dealers: int,
) -> list[Crossed]:
    """One more first sighting of a dealer's item. Gives the destinations that it shows as leaks."""
    fortnight = judged.known_us // FORTNIGHT_US
    tested.begun.setdefault(fortnight, tested.trials)
    tested.trials += 1
    outside = _outside(sighting, policy)
    if outside == 0.0:
        return []
    limit = threshold_log(policy, dealers)
    border_km = (sighting.distance_m or 0.0) / 1000.0
    crossed = []
    for into in cells(sighting.lon, sighting.lat):
        bets = tested.bets.setdefault(into, Bets())
        p0 = natural.share(sighting.dealer_id, into, border_km, policy)
        _bet(bets, fortnight, outside, p0, _weight(bets, sighting))
        _note(bets, sighting, judged.identity, p0, outside)
        wealth = _wealth(bets, tested)
        bets.course = [*bets.course[-MOST_INPUTS:], (judged.known_us, wealth / math.log(10))]
        if wealth >= limit and _is_enough(bets, policy):
            crossed.append(
                Crossed(sighting.dealer_id, into, bets, wealth / math.log(10), limit / math.log(10))
            )
    return crossed


def note_doubled(
    tested: Tested,
    natural: Natural,
    sighting: Sighting,
    judged: Judgement,
    policy: Policy,
    dealers: int,
) -> list[Cell]:
    """Remember an item that was read in places far from each other, one of them abroad; gives the
    cells abroad where so many were that they are copies."""
    if len(sighting.places) < 2:
        return []
    here = cells(sighting.lon, sighting.lat)
    copied = []
    for into in dict.fromkeys(into for place in sighting.places for into in cells(*place)):
        bets = tested.bets.get(into)
        is_abroad = into in here and _outside(sighting, policy) >= SURELY
        if bets is None and is_abroad:
            bets = tested.bets.setdefault(into, Bets())
        if bets is None or sighting.item in bets.doubled or len(bets.doubled) >= MOST_INPUTS:
            continue
        if not is_abroad and all(sighting.item != item for item, _ in bets.seen):
            continue
        _double(bets, sighting, judged.identity, into, is_abroad)
        p0 = natural.share(sighting.dealer_id, into, (sighting.distance_m or 0.0) / 1000, policy)
        if bets.told or _is_improbable(bets, tested, p0, threshold_log(policy, dealers)):
            copied.append(into)
    return [into for into in copied if tested.bets[into].is_copies]


def _double(
    bets: Bets, sighting: Sighting, identity: Identity, into: Cell, is_abroad: bool
) -> None:
    bets.doubled[sighting.item] = sighting.origin or sighting.item
    bets.inputs = [*bets.inputs[-MOST_INPUTS:], identity]
    bets.gtins[sighting.gtin] = bets.gtins.get(sighting.gtin, 0) + 1
    if is_abroad and sighting.territory_id is not None:
        before = bets.territories.get(sighting.territory_id, 0.0)
        bets.territories[sighting.territory_id] = before + 1.0
    there = [place for place in sighting.places if into in cells(*place)]
    place = (sighting.lon, sighting.lat) if is_abroad else there[0]
    bets.doubled_at.take(place, sighting.radius_m)


def _is_improbable(bets: Bets, tested: Tested, p0: float, limit: float) -> bool:
    """Whether a bet that items are read at home and abroad twenty times as often as by nature has
    won: of goods that are seen there, at most a tenth are read at home as well."""
    log_hit = math.log(MANY_TIMES)
    log_miss = math.log(max(1 - MANY_TIMES * p0 * READ_TWICE, 1e-9))
    return len(bets.doubled) * log_hit + tested.trials * log_miss >= limit


def _outside(sighting: Sighting, policy: Policy) -> float:
    """Its probability; fixes just beyond the border are no evidence, whatever they claim."""
    if sighting.probability_outside < 0.05:
        return 0.0
    if sighting.distance_m is not None and sighting.distance_m < policy.leak_border_m:
        return 0.0
    return sighting.probability_outside


def _weight(bets: Bets, sighting: Sighting) -> float:
    """What came together, in one case or to one buyer, is not independent."""
    origin = sighting.origin or sighting.item
    before = bets.origins.get(origin, 0)
    bets.origins[origin] = before + 1
    at_home = bets.spots.take((sighting.lon, sighting.lat), sighting.radius_m)
    return float(COMPANION ** max(before, min(at_home, MOST_COMPANIONS)))


def _bet(bets: Bets, fortnight: int, outside: float, p0: float, weight: float) -> None:
    bets.gains.setdefault(fortnight, [0.0] * len(SHARES))
    for gains in bets.gains.values():
        for index, p1 in enumerate(SHARES):
            if p1 > 2 * p0:
                hit = outside * p1 / p0 + (1 - outside) * (1 - p1)
                # The miss is counted with all trials; a hit takes it back.
                gains[index] += weight * math.log(hit) - math.log(1 - p1)
    if len(bets.gains) > MOST_LANES:
        del bets.gains[min(bets.gains, key=lambda k: (max(bets.gains[k]), k))]


def _note(
    bets: Bets, sighting: Sighting, identity: Identity, p0: float, outside: float
) -> None:
    bets.items += 1
    bets.natural = p0
    bets.inputs = [*bets.inputs[-MOST_INPUTS:], identity]
    if sighting.territory_id is not None:
        before = bets.territories.get(sighting.territory_id, 0.0)
        bets.territories[sighting.territory_id] = before + outside
    bets.seen = [*bets.seen[-MOST_INPUTS:], (sighting.item, sighting.gtin)]
    bets.places = [*bets.places[-MOST_INPUTS:], (sighting.lon, sighting.lat)]
    bets.gtins[sighting.gtin] = bets.gtins.get(sighting.gtin, 0) + 1


def _wealth(bets: Bets, tested: Tested) -> float:
    """Logarithm of the average over all lanes; lanes that were dropped count as lost."""
    logs = [
        gain + (tested.trials - tested.begun[fortnight]) * math.log(1 - p1)
        for fortnight, gains in bets.gains.items()
        for gain, p1 in zip(gains, SHARES, strict=True)
    ]
    highest = max(logs)
    total = sum(math.exp(value - highest) for value in logs)
    return highest + math.log(total / (LANES * len(SHARES)))


def _is_enough(bets: Bets, policy: Policy) -> bool:
    apart = min(len(bets.origins), bets.spots.buyers)
    return bets.items >= policy.leak_least_items and apart >= policy.leak_least_origins


def copies_finding(
    bets: Bets, place: LonLat, territory_id: str | None, judged: Judgement
) -> Finding:
    """What is said of a destination's items that are at home as well: nobody is accused."""
    gtin = max(sorted(bets.gtins), key=lambda gtin: bets.gtins[gtin])
    return Finding(
        rule="codes-copied",
        subject=Subject("product", gtin),
        occurred_us=judged.known_us,
        strength=0.95,
        inputs=tuple(bets.inputs),
        facts={
            "items": len(bets.doubled),
            "lon": round(place[0], 2),
            "lat": round(place[1], 2),
            "gtin": gtin,
            "territory_id": territory_id,
        },
        values={"items": str(len(bets.doubled))},
    )


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
            "items": str(bets.items),
            "origins": str(len(bets.origins)),
            "odds": f"{crossed.evidence:.0f}",
        },
    )
