"""An index of cells over many areas, in which most points need no polygon test.

Square cells in degrees, each split 4 x 4 where borders are dense. A cell (``leaf``) lists the
areas that hold all of it, and, where borders cross it, for each such area the few edges that
matter with one bit of parity, so that the answer is exact to the last bit: it is that of
``Borders.contains``. A leaf also lists the edges near it: a sharp fix in a leaf without any has
the probability 0 or 1 without an integral, and others need no search for their edges.

Everything is flat arrays, which are kept on disk and mapped by every worker: the pages are there
once. How the parity works stands in geo/covering_build.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, FloatsLike, Ints, floats, spread
from geo.borders import Borders, owner_point
from geo.ellipsoid import DEGREE_M
from geo.gaussian import REACH, lost_share, settle

SPLIT = 4
NONE, SEVERAL = -1, -2
_FINEST_BITS = 12
_FINEST = float(1 << _FINEST_BITS)
"""Cells are split at most six times, so these bits tell a point's cell on every level."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The arrays of the index; all offsets are into the array named.

    ``grid``: west, south in degrees, cells per degree, columns, rows. ``top`` (rows x columns)
    and ``children`` (16 a block) hold codes: a leaf's number, or -1 - block where split.
    Per leaf: ``single`` the one area that holds it (or NONE; SEVERAL where it takes a look),
    ``near_edge`` the edges that come within ``margin_deg`` of it, ``held`` and ``records`` ranges.
    Per record: area, parity bit, range of ``entry_edge``; ``entry_left``: 1 or 2 where the
    edge's low or high end lies west of the cell while the other does not, else 0.
    """

    grid: Floats
    top: npt.NDArray[np.int32]
    children: npt.NDArray[np.int32]
    single: npt.NDArray[np.int32]
    margin_deg: npt.NDArray[np.float32]
    near_start: npt.NDArray[np.int32]
    near_edge: npt.NDArray[np.int32]
    held_start: npt.NDArray[np.int32]
    held_area: npt.NDArray[np.int32]
    record_start: npt.NDArray[np.int32]
    record_area: npt.NDArray[np.int32]
    record_odd: npt.NDArray[np.bool_]
    entry_start: npt.NDArray[np.int32]
    entry_edge: npt.NDArray[np.int32]
    entry_left: npt.NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return int(sum(getattr(self, f.name).nbytes for f in fields(self)))


class Covering:
    """Areas 0 .. n-1, asked for columns of points which of them hold a point, and how surely."""

    def __init__(self, borders: Borders, cells: Cells) -> None:
        self.borders = borders
        self.cells = cells
        west, south, per_degree, columns, rows = cells.grid.tolist()
        self._west, self._south, self._per_degree = west, south, per_degree
        self._columns, self._last = int(columns), (columns - 1, rows - 1)
        self._first_edge = borders.chunk_start[borders.area_chunks]
        self._near = np.diff(cells.near_start)
        self._overlapping = bool((np.diff(cells.held_start)[cells.single == SEVERAL] > 0).any())
        # Near the antimeridian and the poles neighbours in truth are none in degrees.
        edge = max(
            -float(borders.chunk_west.min(initial=0)),
            float(borders.chunk_east.max(initial=0)),
            2 * float(borders.chunk_north.max(initial=0)),
            -2 * float(borders.chunk_south.min(initial=0)),
        )
        self._worldwide = edge > 170

    @classmethod
    def build(cls, shapes: Sequence[MultiPolygon]) -> "Covering":
        """Index the shapes; they may overlap. Takes some microseconds an edge."""
        from geo.covering_build import build_cells

        borders = Borders(shapes)
        return cls(borders, build_cells(borders))

    def owner(self, lon: FloatsLike, lat: FloatsLike) -> Ints:
        """The first area that holds each point (of areas that do not overlap: the area), or -1."""
        x, y = self._points(floats(lon), floats(lat))
        leaf = self._leaves(x, y)
        found = self.cells.single.take(leaf).astype(np.int64)
        look = np.flatnonzero(found == SEVERAL)
        if len(look):
            point, area = self._held_pairs(leaf.take(look), x.take(look), y.take(look))
            if self._overlapping:
                order = np.argsort(-area, kind="stable")
                point, area = point[order], area[order]
            found[look] = NONE
            found[look[point]] = area
        return found

    def pairs(self, lon: FloatsLike, lat: FloatsLike) -> tuple[Ints, Ints]:
        """All (point, area) index pairs where the area holds the point, by point, then area."""
        x, y = self._points(floats(lon), floats(lat))
        leaf = self._leaves(x, y)
        found = self.cells.single.take(leaf).astype(np.int64)
        sole = np.flatnonzero(found >= 0)
        look = np.flatnonzero(found == SEVERAL)
        point, area = self._held_pairs(leaf.take(look), x.take(look), y.take(look))
        point = np.concatenate([sole, look[point]])
        area = np.concatenate([found[sole], area])
        order = np.lexsort((area, point))
        return point[order], area[order]

    def contains(self, area: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in the area of its row."""
        x, y = self._points(lon, lat)
        return self._holds(self._leaves(x, y), area, x, y)

    def probability(self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats) -> Floats:
        """Probability that each true place lies in the area of its row (see geo/gaussian.py).

        ``area`` is an array of area numbers; ``sigma_m`` is in metres, 0 for a point.
        """
        x, y = self._points(lon, lat)
        leaf = self._leaves(x, y)
        single = self.cells.single.take(leaf)
        share: Floats = (single == area).astype(np.float64)
        # A degree of longitude shrinks; a little off the cosine allows for the far side.
        metres = np.maximum(np.cos(y * (np.pi / 180)) - 0.002, 0.0) * (0.98 * DEGREE_M)
        far = REACH * sigma_m > self.cells.margin_deg.take(leaf) * metres
        if self._worldwide:
            far |= REACH * sigma_m > (180 - np.abs(x)) * metres
        look = far | (self._near.take(leaf) > 0) | (single == SEVERAL)
        rest = look.nonzero()[0]
        if len(rest):
            fixes = (
                leaf.take(rest),
                area.take(rest),
                x.take(rest),
                y.take(rest),
                sigma_m.take(rest),
            )
            share[rest] = self._integrated(*fixes, far.take(rest))
        return share

    def _integrated(
        self, leaf: Ints, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats, far: Bools
    ) -> Floats:
        """Probabilities of fixes that borders come near; ``far``: reach beyond the leaf's list."""
        inside = self._holds(leaf, area, lon, lat)
        share = np.zeros(len(lon))
        wide = far.nonzero()[0]
        if len(wide):
            share[wide] = self.borders.probability(
                area[wide], lon[wide], lat[wide], sigma_m[wide], inside[wide]
            )
        sharp = (~far & (sigma_m > 0)).nonzero()[0]
        start = self.cells.near_start[leaf[sharp]]
        row, entry = spread(start, self._near[leaf[sharp]])
        row, edge = sharp[row], self.cells.near_edge.take(entry)
        own = self._owner_of(edge, area[row]).nonzero()[0]
        lost = lost_share(lon, lat, sigma_m, row.take(own), self.borders.ends(edge.take(own)))
        return np.where(far, share, settle(inside, lost))

    def _owner_of(self, edge: Ints, area: Ints) -> Bools:
        """Whether the edge is one of the area's."""
        first = self._first_edge
        own: Bools = (first.take(area) <= edge) & (edge < first.take(area + 1))
        return own

    def distance_m(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        """Geodesic metres to the nearest border of the row's area, negative inside."""
        away = self.borders.distance(area, lon, lat)
        return np.where(self.contains(area, lon, lat), -away, away)

    def _points(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        return owner_point(lon, lat) if self._worldwide else (lon, lat)

    def _leaves(self, lon: Floats, lat: Floats) -> Ints:
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

    def _holds(self, leaf: Ints, area: Ints, lon: Floats, lat: Floats) -> Bools:
        single = self.cells.single.take(leaf)
        inside: Bools = single == area
        look = np.flatnonzero(single == SEVERAL)
        if len(look):
            point, found = self._held_pairs(leaf.take(look), lon.take(look), lat.take(look))
            point = look[point]
            inside[point[found == area[point]]] = True
        return inside

    def _held_pairs(self, leaf: Ints, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """(point, area) pairs that hold, from whole cells and from cells that a border crosses."""
        cells = self.cells
        start = cells.record_start.take(leaf)
        point, record = spread(start, cells.record_start.take(leaf + 1) - start)
        start = cells.entry_start.take(record)
        owner, entry = spread(start, cells.entry_start.take(record + 1) - start)
        row = point.take(owner)
        edge, left = cells.entry_edge.take(entry), cells.entry_left.take(entry)
        odd = entry_parity(self.borders, edge, left, lon.take(row), lat.take(row))
        count = np.bincount(owner[odd], minlength=len(record)) + cells.record_odd.take(record)
        inside = (count & 1).nonzero()[0]
        point, area = point[inside], cells.record_area[record[inside]].astype(np.int64)
        if not self._overlapping:
            return point, area
        start = cells.held_start.take(leaf)
        whole, held = spread(start, cells.held_start.take(leaf + 1) - start)
        return np.concatenate([whole, point]), np.concatenate([cells.held_area[held], area])


def entry_parity(
    borders: Borders, edge: Ints, left: npt.NDArray[np.uint8], lon: Floats, lat: Floats
) -> Bools:
    """Whether each entry of a cell turns the answer at its point."""
    low_lon, low_lat = borders.low_lon.take(edge), borders.low_lat.take(edge)
    high_lon, high_lat = borders.high_lon.take(edge), borders.high_lat.take(edge)
    rise = np.maximum(high_lat - low_lat, 1e-300)
    at = low_lon + (lat - low_lat) * ((high_lon - low_lon) / rise)
    above_low, above_high = low_lat <= lat, high_lat <= lat
    turned: Bools = (above_low ^ above_high) & (at <= lon)
    # The end west of the cell: see geo/covering_build.py.
    turned ^= (above_low & (left == 1)) | (above_high & (left == 2))
    return turned
