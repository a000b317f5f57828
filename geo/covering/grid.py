"""The grid of cells: square, in degrees, on each level 4 x 4 times as many as on the one above."""

from dataclasses import dataclass

import numpy as np

from geo.arrays import Floats
from geo.borders import Borders
from geo.covering.cells import SPLIT

MAX_TOP_CELLS = 60_000


@dataclass(frozen=True, slots=True)
class Grid:
    """West, south in degrees, cells per degree, columns and rows of the coarsest level, 0."""

    west: float
    south: float
    per_degree: float
    columns: int
    rows: int

    @classmethod
    def over(cls, borders: Borders) -> "Grid":
        """A grid over all edges, with a ring of empty cells around them."""
        if not len(borders.low_lon):
            return cls(0.0, 0.0, 1.0, 1, 1)
        west, east = float(borders.chunk_west.min()), float(borders.chunk_east.max())
        south, north = float(borders.chunk_south.min()), float(borders.chunk_north.max())
        wanted = min(max(8.0 * len(borders), 1000), MAX_TOP_CELLS)
        side = float(np.sqrt(max((east - west) * (north - south), 1e-12) / wanted))
        side = max(side, (east - west) / MAX_TOP_CELLS, (north - south) / MAX_TOP_CELLS, 1e-6)
        columns, rows = np.ceil((east - west) / side) + 2, np.ceil((north - south) / side) + 2
        return cls(west - side, south - side, 1 / side, int(columns), int(rows))

    def scale(self, level: int) -> float:
        """Cells a degree."""
        return self.per_degree * float(SPLIT**level)

    def side(self, level: int) -> float:
        """Of a cell, in degrees."""
        return 1 / self.scale(level)

    def size(self, level: int) -> tuple[int, int]:
        """Columns and rows."""
        return self.columns * SPLIT**level, self.rows * SPLIT**level

    def lons(self, level: int) -> Floats:
        """The cells' western sides, and the last one's eastern."""
        return np.asarray(self.west + np.arange(self.size(level)[0] + 1) * self.side(level))

    def lats(self, level: int) -> Floats:
        """The cells' southern sides, and the last one's northern."""
        return np.asarray(self.south + np.arange(self.size(level)[1] + 1) * self.side(level))
