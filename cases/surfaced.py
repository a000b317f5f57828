"""Origin cases whose items surface together in a foreign place, and copies of their codes."""

from math import ceil, comb
from typing import Any, NamedTuple

from msgspec import Struct, field

from cases.case import middle_of
from cases.cells import Cell, cells
from cases.judgement import Judgement
from cases.leak import Tested
from cases.natural import Natural
from cases.spots import Spots
from registry.policy import Policy
from rules.model import Finding, Sighting, Subject
from rules.places_seen import LonLat

DAY_US = 86_400_000_000
ORDINARY_CASE = 24
ABROAD = 0.1
"""At most such a share of goods is first seen abroad by nature, in all places together."""
MOST_KEPT = 40


class Surfaced(Struct):
    """What was seen of one origin case in one cell."""

    first_us: int
    last_us: int
    items: dict[str, str] = field(default_factory=dict)
    """GTIN by item, of those first seen there."""
    visits: int = 0
    abroad: int = 0
    """So many of the visits were certainly outside."""
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
    spots: Spots = field(default_factory=Spots)
    """Where items were read there first, or after they had been read at home."""
    doubled_at: Spots = field(default_factory=Spots)
    """Where those that were read here and far from here were."""
    border_m: float | None = None
    """How far beyond their dealer's border the last of them was, if that is known."""

    @property
    def place(self) -> LonLat:
        """The middle of the visits."""
        return middle_of(self.places)

    @property
    def territory_id(self) -> str | None:
        """Where most of the items were first seen, ties by id."""
        return min(self.territories, key=lambda t: (-self.territories[t], t), default=None)

    @property
    def buyers(self) -> int:
        """At so many spots items were read. One buyer takes a whole case home, so that more at one
        spot are not more buyers."""
        return len(self.spots.kept)

    @property
    def read(self) -> int:
        """So many items were read there, first or after they had been read at home."""
        return len(self.items.keys() | self.both.keys())

    @property
    def foreign(self) -> float:
        """Share of the visits that were certainly outside."""
        return self.abroad / self.visits if self.visits else 0.0

    def is_shown(self, policy: Policy) -> bool:
        """Whether it is a showcase's or a fair's doing, or all of one day."""
        is_short = self.last_us - self.first_us < DAY_US
        return is_short or self.visits > policy.surfaced_visits * self.read


def visit(seen: Surfaced, sighting: Sighting, judged: Judgement) -> None:
    """One more read of an item of the origin case in the cell."""
    seen.visits += 1
    seen.abroad += sighting.probability_outside >= 0.95
    if len(seen.places) < MOST_KEPT:
        seen.places.append((sighting.lon, sighting.lat))
    seen.last_us = max(seen.last_us, judged.known_us)
    first_seen_here = sighting.nth == 1 and sighting.probability_outside >= 0.95
    if first_seen_here and len(seen.items) < MOST_KEPT:
        seen.items.setdefault(sighting.item, sighting.gtin)
        seen.spots.take((sighting.lon, sighting.lat), sighting.radius_m)
        seen.border_m = sighting.distance_m
        if sighting.territory_id is not None:
            before = seen.territories.get(sighting.territory_id, 0.0)
            seen.territories[sighting.territory_id] = before + 1.0
        seen.inputs[judged.identity] = None


def double(seen: Surfaced, sighting: Sighting, judged: Judgement, into: Cell, here: bool) -> None:
    """An item of the origin case was read in the cell and far from it; ``here``: there just now."""
    is_abroad = sighting.probability_outside >= 0.95
    is_home = sighting.probability_outside < 0.05
    if here:
        place = (sighting.lon, sighting.lat)
    else:
        place = next(place for place in sighting.places if into in cells(*place))
    if sighting.item not in seen.elsewhere:
        seen.doubled_at.take(place, sighting.radius_m)
    seen.elsewhere[sighting.item] = None
    seen.inputs[judged.identity] = None
    if sighting.item in seen.items:
        if is_home:
            seen.both[sighting.item] = None
    elif here and is_abroad and sighting.item not in seen.both:
        seen.both[sighting.item] = None
        seen.spots.take(place, sighting.radius_m)
        seen.border_m = sighting.distance_m


class Market(NamedTuple):
    """What is known of all origin cases: how goods move, and how many were seen of each dealer."""

    natural: Natural
    tested: dict[str, Tested]
    case_size: int | None
    policy: Policy


def is_surfaced(
    seen: Surfaced, into: Cell, sighting: Sighting, market: Market
) -> float | None:
    """How improbable it is that chance brought so many items of one origin case to one place, over
    all origin cases and places; None where it is not improbable enough, or is a showcase's doing.
    """
    if len(seen.elsewhere) >= market.policy.surfaced_doubtful or seen.both:
        return None
    return _chance(seen, len(seen.items), into, sighting.dealer_id, market)


def _chance(
    seen: Surfaced, items: int, into: Cell, dealer_id: str, market: Market
) -> float | None:
    """Over all places: of ``m`` items the first may be anywhere abroad, the others go where it
    went."""
    policy, border_m = market.policy, seen.border_m
    count = min(items, seen.buyers)
    if count < policy.surfaced_items or seen.is_shown(policy):
        return None
    if border_m is None or border_m < policy.surfaced_border_m:
        return None  # How far beyond its border a dealer sold past a permit, nobody has measured.
    natural = market.natural.share(dealer_id, into, border_m / 1000.0, policy)
    p0 = max(natural, policy.surfaced_together)
    located = max(ceil(policy.surfaced_located * (market.case_size or ORDINARY_CASE)), count)
    origins = max(sum(state.trials for state in market.tested.values()) / located, 1.0)
    chance = comb(located, count) * max(p0, ABROAD) * float(p0 ** (count - 1)) * origins
    return chance if chance <= policy.surfaced_level else None


def is_cloned(seen: Surfaced, into: Cell, dealer_id: str, market: Market) -> bool:
    """Whether a block of codes was copied: its items are in a place and far from it at once, too
    many for travellers, or one is at home and just there where others surfaced abroad. The place
    is not where the dealer sells anyway, nor where goods of its other origin cases are sold, too:
    those are leaked, and travel from there."""
    policy, elsewhere, there = market.policy, len(seen.doubled_at.kept), seen.read
    is_many = elsewhere >= policy.copied_items and elsewhere >= policy.copied_travelled * there
    is_both = bool(seen.both) and len(seen.both) * policy.copied_both >= there
    if not is_many and not is_both:
        return False
    tested = market.tested.get(dealer_id)
    bets = tested.bets.get(into) if tested else None
    if bets is not None and bets.items - len(seen.items) >= policy.copied_others:
        return False
    if market.natural.commuting(dealer_id, into) >= 0.2:
        return False
    return is_many or _chance(seen, there, into, dealer_id, market) is not None


def surfaced_finding(
    seen: Surfaced, sighting: Sighting, judged: Judgement, chance: float
) -> Finding:
    """What is said of an origin case whose items surface abroad together."""
    return _finding(
        "case-surfaced", seen, sighting, judged, strength=min(0.99, 1.0 - chance),
        facts={
            "dealer_id": sighting.dealer_id,
            "territory_id": seen.territory_id,
            "items": len(seen.items),
            "chance": chance,
        },
        values={"items": str(len(seen.items))},
    )  # fmt: skip


def cloned_finding(
    seen: Surfaced, sighting: Sighting, judged: Judgement, policy: Policy
) -> Finding:
    """What is said of an origin case whose codes were copied."""
    return _finding(
        "codes-copied", seen, sighting, judged, strength=policy.strengths.codes_copied,
        facts={"items": len(seen.elsewhere), "origin": sighting.origin},
        values={"items": str(len(seen.elsewhere))},
    )  # fmt: skip


def _finding(
    rule: str,
    seen: Surfaced,
    sighting: Sighting,
    judged: Judgement,
    *,
    strength: float,
    facts: dict[str, Any],
    values: dict[str, str],
) -> Finding:
    """A finding about the origin case of a sighting, at the place where its items are read."""
    lon, lat = seen.place
    return Finding(
        rule=rule,
        subject=Subject("logistic-unit", sighting.origin or ""),
        occurred_us=judged.known_us,
        strength=strength,
        inputs=tuple(seen.inputs),
        facts={**facts, "lon": round(lon, 2), "lat": round(lat, 2), "gtin": sighting.gtin},
        values=values,
    )
