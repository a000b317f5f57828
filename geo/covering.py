"""An index of cells over many areas, in which most points need no polygon test."""

from collections.abc import Sequence

import numpy as np
from shapely.geometry import MultiPolygon

from geo.arrays import FloatsLike, Ints, floats
from geo.borders import Borders


class Covering:
    """Areas 0 .. n-1, asked which hold a point."""

    def __init__(self, borders: Borders, bounds: np.ndarray) -> None:
        self.borders = borders
        self.bounds = bounds

    @classmethod
    def build(cls, shapes: Sequence[MultiPolygon]) -> "Covering":
        return cls(Borders(shapes), np.array([s.bounds for s in shapes]).reshape(-1, 4))

    def pairs(self, lon: FloatsLike, lat: FloatsLike) -> tuple[Ints, Ints]:
        x, y = floats(lon), floats(lat)
        rows, areas = [], []
        for area in range(len(self.borders)):
            hit = np.flatnonzero(self.borders.contains(np.full(len(x), area), x, y))
            rows.append(hit)
            areas.append(np.full(len(hit), area))
        row, area_ = np.concatenate(rows), np.concatenate(areas)
        order = np.lexsort((area_, row))
        return row[order], area_[order]
