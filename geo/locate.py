"""Which territories hold a point, for columns of points.

A point on a border belongs to the territory just east of it, or just north of it where the border
runs due east-west (geo/borders.py): of territories that share the border, exactly one.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shapely.geometry import MultiPolygon

from geo.arrays import FloatsLike, Ints, floats
from geo.covering.build import build_covering
from geo.covering.file import shared
from geo.covering.index import Covering


class Locator:
    """Territories by id, asked which of them hold a point."""

    def __init__(self, territory_ids: Sequence[str], covering: Covering) -> None:
        self.territory_ids = tuple(territory_ids)
        self.covering = covering

    @classmethod
    def of(cls, shapes: Mapping[str, MultiPolygon]) -> "Locator":
        """Built here and now."""
        return cls(tuple(shapes), build_covering(list(shapes.values())))

    @classmethod
    def kept(
        cls,
        folder: Path,
        digest: str,
        territory_ids: Sequence[str],
        shapes: Callable[[], Sequence[MultiPolygon]],
    ) -> "Locator":
        """Out of a folder, built there at the first time (see ``geo.covering.file.shared``)."""
        return cls(territory_ids, shared(folder, digest, shapes))

    def locate(self, lon: FloatsLike, lat: FloatsLike) -> list[list[str]]:
        """The ids that hold each point (WGS-84), in the order of the territories."""
        point, area = self.pairs(lon, lat)
        found: list[list[str]] = [[] for _ in range(len(floats(lon)))]
        for i, j in zip(point.tolist(), area.tolist(), strict=True):
            found[i].append(self.territory_ids[j])
        return found

    def pairs(self, lon: FloatsLike, lat: FloatsLike) -> tuple[Ints, Ints]:
        """(point, territory) index pairs that hold, sorted by point, then territory."""
        return self.covering.pairs(lon, lat)


def agreed(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """What two readings of a fix of unknown system have in common."""
    return [i for i in one if i in set(other)]
