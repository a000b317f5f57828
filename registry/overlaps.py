"""Exclusive authorisations that overlap another in area, product, channel and time.

A brand that promised one dealer a territory alone must not give it to a second; a dealer and those
above and below it are one line of supply and excepted. Areas overlap by their geometry, not by
their names: a province holds its counties, and borders of two sources cross in slivers, which
``min_share`` lets pass.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import shapely
from shapely.geometry import MultiPolygon

from events.timed import from_microseconds
from geo.repair import ground_km2
from registry.geometry import shape_of
from registry.known import BEFORE_EVERYTHING, FOREVER, Known, instant, recorded_us
from registry.model import Authorisation, Dealer, Territory
from registry.rows import RegistryRows

MIN_SHARE = 0.001
"""An overlap of less than this share of the smaller territory is a sliver between two sources."""
MOST_TERRITORIES = 20
"""As many pairs of territories an overlap names; the rest is only counted."""


class SharedArea(NamedTuple):
    """What two territories have in common, in km² on the ground."""

    territory_id: str
    other_id: str
    km2: float


class Overlap(NamedTuple):
    """Two authorisations of which at least one is exclusive, and what both grant."""

    authorisation_id: str
    other_id: str
    dealer_id: str
    other_dealer_id: str
    from_us: int
    to_us: int
    areas: tuple[SharedArea, ...]

    def as_dict(self) -> dict[str, Any]:
        """The overlap as ``load`` and ``registry add`` print it."""
        return {
            "type": "exclusive-overlap",
            "authorisation_ids": [self.authorisation_id, self.other_id],
            "dealer_ids": [self.dealer_id, self.other_dealer_id],
            "from": _shown(self.from_us),
            "to": _shown(self.to_us),
            "territories": [
                {"territory_ids": [a.territory_id, a.other_id], "km2": round(a.km2, 3)}
                for a in self.areas[:MOST_TERRITORIES]
            ],
            "territory_pairs": len(self.areas),
            "detail": self.detail,
        }

    @property
    def detail(self) -> str:
        """A sentence with both ids."""
        first = self.areas[0]
        return (
            f"{self.authorisation_id} ({self.dealer_id}) and {self.other_id} "
            f"({self.other_dealer_id}) overlap where {first.territory_id} and {first.other_id} "
            "do, in products, channels and time, and one of them is exclusive"
        )


def overlaps(
    rows: RegistryRows, fresh: Iterable[str] | None = None, *, min_share: float = MIN_SHARE
) -> list[Overlap]:
    """All overlaps as last known, or those of the authorisations ``fresh`` (by id) alone; sorted.

    Where territories changed within the shared time, every version in force then counts.
    """
    newest = {row.authorisation_id: row for row in sorted(rows.authorisations, key=recorded_us)}
    wanted = newest.keys() if fresh is None else newest.keys() & set(fresh)
    lines = _Lines(rows.dealers)
    grounds = _Grounds(rows.territories, min_share)
    found = []
    for one_id in sorted(wanted):
        for other_id in sorted(newest):
            # Of two that are both asked about, the pair is looked at once.
            if other_id == one_id or (other_id in wanted and other_id < one_id):
                continue
            overlap = _overlap(newest[one_id], newest[other_id], lines, grounds)
            if overlap is not None:
                found.append(overlap)
    return found


def _overlap(
    one: Authorisation, other: Authorisation, lines: "_Lines", grounds: "_Grounds"
) -> Overlap | None:
    if not (one.exclusive or other.exclusive) or one.dealer_id == other.dealer_id:
        return None
    if not (_share_product(one, other) and _share_channel(one, other)):
        return None
    from_us = max(_begin(one), _begin(other))
    to_us = min(_end(one), _end(other))
    if from_us >= to_us or lines.is_one(one.dealer_id, other.dealer_id):
        return None
    areas = tuple(grounds.shared(one.territory_ids, other.territory_ids, from_us, to_us))
    if not areas:
        return None
    return Overlap(
        one.authorisation_id, other.authorisation_id, one.dealer_id, other.dealer_id,
        from_us, to_us, areas,
    )  # fmt: skip


def _share_product(one: Authorisation, other: Authorisation) -> bool:
    if one.gtins == "all" or other.gtins == "all":
        return bool(one.gtins) and bool(other.gtins)
    return not set(one.gtins).isdisjoint(other.gtins)


def _share_channel(one: Authorisation, other: Authorisation) -> bool:
    """An authorisation that names no channel speaks of all."""
    if one.channels is None or other.channels is None:
        return True
    return not set(one.channels).isdisjoint(other.channels)


def _begin(row: Authorisation) -> int:
    return instant(row.valid_from, absent=BEFORE_EVERYTHING)


def _end(row: Authorisation) -> int:
    return instant(row.valid_to, absent=FOREVER)


def _shown(at_us: int) -> str | None:
    return None if at_us >= FOREVER else from_microseconds(at_us).isoformat()


class _Lines:
    """Who stands above whom, as last known."""

    def __init__(self, dealers: Iterable[Dealer]) -> None:
        self._dealers: Known[Dealer] = Known(dealers, lambda row: row.dealer_id)

    def is_one(self, one: str, other: str) -> bool:
        """Whether one of the dealers stands above the other."""
        return other in self._above(one) or one in self._above(other)

    def _above(self, dealer_id: str) -> list[str]:
        above: list[str] = []
        row = self._dealers.get(dealer_id, FOREVER)
        while row is not None and row.parent_id is not None and row.parent_id not in above:
            above.append(row.parent_id)
            row = self._dealers.get(row.parent_id, FOREVER)
        return above


class _Version(NamedTuple):
    """A version of a territory, in force until the next one."""

    key: tuple[str, int]
    from_us: int
    to_us: int
    bounds: tuple[float, float, float, float]


class _Grounds:
    """What territories have in common on the ground; each pair is measured once."""

    def __init__(self, territories: Iterable[Territory], min_share: float) -> None:
        self._min_share = min_share
        self._rows = {(row.territory_id, row.version): row for row in territories}
        self._shapes: dict[tuple[str, int], MultiPolygon] = {}
        self._sizes: dict[tuple[str, int], float] = {}
        self._measured: dict[tuple[tuple[str, int], tuple[str, int]], float] = {}

    @cached_property
    def _versions(self) -> dict[str, list[_Version]]:
        rows: dict[str, list[Territory]] = {}
        for row in self._rows.values():
            rows.setdefault(row.territory_id, []).append(row)
        return {key: list(self._in_turn(versions)) for key, versions in rows.items()}

    def _in_turn(self, versions: list[Territory]) -> Iterator[_Version]:
        """The newest version in force counts (registry/authority.py)."""
        for row in versions:
            from_us = instant(row.valid_from, absent=BEFORE_EVERYTHING)
            later = [
                instant(v.valid_from, absent=BEFORE_EVERYTHING)
                for v in versions
                if v.version > row.version
            ]
            key = row.territory_id, row.version
            bounds = self._shape(key).bounds
            yield _Version(key, from_us, min(later, default=FOREVER), bounds)

    def shared(
        self, ones: Iterable[str], others: Iterable[str], from_us: int, to_us: int
    ) -> Iterator[SharedArea]:
        """What each of the one's territories shares with each of the other's within the time."""
        theirs = [v for name in dict.fromkeys(others) for v in self._during(name, from_us, to_us)]
        for name in dict.fromkeys(ones):
            for mine in self._during(name, from_us, to_us):
                for other in theirs:
                    if max(mine.from_us, other.from_us) < min(mine.to_us, other.to_us):
                        km2 = self._common_km2(mine, other)
                        if km2 > 0:
                            yield SharedArea(mine.key[0], other.key[0], km2)

    def _during(self, territory_id: str, from_us: int, to_us: int) -> list[_Version]:
        versions = self._versions.get(territory_id, ())
        return [v for v in versions if max(v.from_us, from_us) < min(v.to_us, to_us)]

    def _common_km2(self, one: _Version, other: _Version) -> float:
        """Size of the intersection; 0 for what is no more than a sliver."""
        if one.key == other.key:
            return self._size(one.key)
        if not _boxes_meet(one.bounds, other.bounds):
            return 0.0
        pair = (one.key, other.key) if one.key <= other.key else (other.key, one.key)
        if pair not in self._measured:
            common = shapely.intersection(self._shape(pair[0]), self._shape(pair[1]))
            parts = [p for p in shapely.get_parts(common) if p.geom_type == "Polygon"]
            km2 = ground_km2(MultiPolygon(parts))
            least = self._min_share * min(self._size(pair[0]), self._size(pair[1]))
            self._measured[pair] = km2 if km2 > least else 0.0
        return self._measured[pair]

    def _shape(self, key: tuple[str, int]) -> MultiPolygon:
        if key not in self._shapes:
            polygon = shape_of(self._rows[key])
            self._shapes[key] = MultiPolygon(list(shapely.get_parts(polygon)))
        return self._shapes[key]

    def _size(self, key: tuple[str, int]) -> float:
        if key not in self._sizes:
            self._sizes[key] = ground_km2(self._shape(key))
        return self._sizes[key]


def _boxes_meet(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
