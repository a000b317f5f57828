"""Finding a point's leaf, and what the leaf tells of it."""

import numpy as np

from geo.arrays import Bools, Floats, Ints, spread
from geo.borders import Borders
from geo.covering.cells import SEVERAL, SPLIT, Cells
from geo.covering.parity import entry_parity

_FINEST_BITS = 12
_FINEST = float(1 << _FINEST_BITS)
"""Cells are split at most six times, so these bits tell a point's cell on every level."""
Ends = tuple[Floats, Floats, Floats, Floats]


class Lookup:
    """Leaves of columns of points, and the areas that hold these by what their leaf notes.

    ``overlapping`` tells whether a cell that takes a look may lie wholly in some area as well.
    """

    def __init__(self, borders: Borders, cells: Cells) -> None:
        self.borders = borders
        self.cells = cells
        west, south, per_degree, columns, rows = cells.grid.tolist()
        self._west, self._south, self._per_degree = west, south, per_degree
        self._columns, self._last = int(columns), (columns - 1, rows - 1)
        self.overlapping = bool((np.diff(cells.held_start)[cells.single == SEVERAL] > 0).any())

    def leaves(self, lon: Floats, lat: Floats) -> Ints:
        """The leaf of each point (degrees)."""
        u, v = (lon - self._west) * self._per_degree, (lat - self._south) * self._per_degree
        # What lies beyond the grid falls into its outermost cells, which are empty.
        u = np.minimum(np.maximum(u, 0.0), self._last[0])
        v = np.minimum(np.maximum(v, 0.0), self._last[1])
        home = v.astype(np.int32) * self._columns + u.astype(np.int32)
        code: Ints = self.cells.top.take(home)
        deeper = (code < 0).nonzero()[0]
        if not len(deeper):
            return code
        inner = code.take(deeper)
        column = (u.take(deeper) * _FINEST).astype(np.int32)
        row = (v.take(deeper) * _FINEST).astype(np.int32)
        shift = _FINEST_BITS
        while True:
            shift -= 2
            slot = ((row >> shift) & 3) * SPLIT + ((column >> shift) & 3)
            inner = self.cells.children.take(slot - (inner + 1) * 16)
            code[deeper] = inner
            more = (inner < 0).nonzero()[0]
            if not len(more):
                return code
            deeper, inner = deeper.take(more), inner.take(more)
            column, row = column.take(more), row.take(more)

    def beside(self, leaf: Ints, lon: Floats, lat: Floats, reach_deg: Floats | float) -> Ints:
        """Who holds points that lie further than the reach beside their leaf's strip."""
        strip = self.cells.strip.take(leaf, axis=0)
        away = strip[:, 0] * lon + strip[:, 1] * lat - strip[:, 2]
        beside = self.cells.beside.take(leaf, axis=0)
        side = np.where(away > 0, beside[:, 1], beside[:, 0])
        return np.where(np.abs(away) > strip[:, 3] + reach_deg, side, SEVERAL)

    def own_entries(
        self, leaf: Ints, area: Ints, lon: Floats, lat: Floats
    ) -> tuple[Bools, Ints, Ints, Ends]:
        """Whether each point lies in its own area, and the (row, edge, ends) near its leaf."""
        cells = self.cells
        whole: Bools = cells.single.take(leaf) == area
        key = leaf * np.int64(max(len(self.borders), 1)) + area
        record = cells.record_key.searchsorted(key)
        known = cells.record_key.take(record, mode="clip") == key
        record *= known
        start = cells.entry_start.take(record)
        row, entry = spread(start, (cells.entry_start.take(record + 1) - start) * known)
        edge = cells.entry_edge.take(entry).astype(np.intp)
        ends = self.borders.ends(edge)
        odd = entry_parity(ends, cells.entry_left.take(entry), lon.take(row), lat.take(row))
        count = np.bincount(row[odd], minlength=len(leaf)) + cells.record_odd.take(record)
        inside = np.where(known, (count & 1) == 1, whole)
        if self.overlapping:
            start = cells.held_start.take(leaf)
            point, held = spread(start, cells.held_start.take(leaf + 1) - start)
            inside[point[cells.held_area.take(held) == area.take(point)]] = True
        return inside, row, edge, ends

    def held_pairs(self, leaf: Ints, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """(point, area) pairs that hold, from whole cells and from cells that a border crosses."""
        cells = self.cells
        start = cells.record_start.take(leaf)
        point, record = spread(start, cells.record_start.take(leaf + 1) - start)
        start = cells.entry_start.take(record)
        owner, entry = spread(start, cells.entry_start.take(record + 1) - start)
        row = point.take(owner)
        ends = self.borders.ends(cells.entry_edge.take(entry))
        odd = entry_parity(ends, cells.entry_left.take(entry), lon.take(row), lat.take(row))
        count = np.bincount(owner[odd], minlength=len(record)) + cells.record_odd.take(record)
        inside = (count & 1).nonzero()[0]
        point, area = point[inside], cells.record_area[record[inside]].astype(np.int64)
        if not self.overlapping:
            return point, area
        start = cells.held_start.take(leaf)
        whole, held = spread(start, cells.held_start.take(leaf + 1) - start)
        return np.concatenate([whole, point]), np.concatenate([cells.held_area[held], area])
