"""Which areas hold the corners of cells: row by row, from where the borders cross it."""

import numpy as np

from geo.arrays import Floats, Ints, spread
from geo.borders import Borders
from geo.covering.grid import Grid
from geo.covering.runs import PORTION, area_of_edges

_HAIR = 1e-6


class Corners:
    """The corners of a level's cells that lie in some area, as stretches of each row.

    A corner is told by column and row, from 0 to the number of columns and rows. The answer is
    that of ``Borders.contains``, bit for bit.
    """

    def __init__(self, borders: Borders, grid: Grid, level: int) -> None:
        columns, rows = grid.size(level)
        self._width, self._height = columns + 1, rows + 1
        lons, lats = grid.lons(level), grid.lats(level)
        parts = [
            _crossings(borders, grid.scale(level), lons, lats, low)
            for low in range(0, len(borders.low_lon), PORTION)
        ]
        edge, row, column = (
            np.concatenate([part[k] for part in parts] or [np.zeros(0, dtype=np.int64)])
            for k in range(3)
        )
        area = area_of_edges(borders, edge)
        crossing = np.sort((area * self._height + row) * self._width + column)
        # A closed ring crosses a row an even number of times: inside is from each odd to each even.
        line, self._begin = np.divmod(crossing[0::2], self._width)
        self._end = crossing[1::2] - line * self._width
        self._area, self._row = np.divmod(line, self._height)

    def pairs(self, column: Ints, row: Ints) -> tuple[Ints, Ints]:
        """(which corner, area) for each area that holds a corner, in no order."""
        key = row.astype(np.int64) * self._width + column
        order = np.argsort(key)
        key = key[order]
        base = self._row * self._width
        low = np.searchsorted(key, base + self._begin)
        stretch, place = spread(low, np.searchsorted(key, base + self._end) - low)
        return order[place], self._area[stretch]


def _crossings(
    borders: Borders, scale: float, lons: Floats, lats: Floats, low: int
) -> tuple[Ints, Ints, Ints]:
    """(edge, row, column of the first corner east of it) where edges cross rows of corners."""
    part = slice(low, low + PORTION)
    first = np.ceil((borders.low_lat[part] - lats[0]) * scale - _HAIR)
    last = np.floor((borders.high_lat[part] - lats[0]) * scale + _HAIR)
    some = np.flatnonzero(last >= first)
    first, last = first[some].astype(np.int64), last[some].astype(np.int64)
    which, row = spread(first, last - first + 1)
    edge = low + some[which]
    low_lon, low_lat, high_lon, high_lat = borders.ends(edge)
    lat = lats.take(row, mode="clip")
    # As in geo.borders.crossed, so that both find the same.
    rise = np.maximum(high_lat - low_lat, 1e-300)
    at = low_lon + (lat - low_lat) * ((high_lon - low_lon) / rise)
    hit = np.flatnonzero((low_lat <= lat) & (lat < high_lat))
    return edge[hit], row[hit], np.searchsorted(lons, at[hit])
