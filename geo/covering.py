"""An index of cells over many areas, in which most points need no polygon test.

Square cells in degrees, each split 4 x 4 where borders are dense. A cell (``leaf``) lists the
areas that hold all of it, and, where borders cross it, for each such area the few edges that
matter with one bit of parity, so that the answer is exact to the last bit: it is that of
``Borders.contains``. A leaf also lists the edges near it: a sharp fix in a leaf without any has
the probability 0 or 1 without an integral, and others need no search for their edges.

Everything is flat arrays, which are kept on disk and mapped by every worker: the pages are there
once. How the parity works stands in geo/covering_build.py.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import overload

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, FloatsLike, Ints, floats, spread
from geo.borders import Borders, owner_point
from geo.ellipsoid import DEGREE_M, RADIANS
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
    ``margin_deg`` how far beyond the cell its records look, ``strip`` (normal in lon, in lat,
    offset, half width in degrees) the band that holds all borders within the margin, ``beside``
    who holds the cell below and above it, ``held`` and ``records`` ranges.
    Per record, an area with borders in the cell or its margin: area, ``record_key`` (leaf times
    number of areas plus area; it ascends), parity bit, and the range of ``entry_edge``;
    ``entry_left`` tells which ends of the edge lie west of the cell (1 the low, 2 the high,
    3 both).
    """

    grid: Floats
    top: npt.NDArray[np.int32]
    children: npt.NDArray[np.int32]
    single: npt.NDArray[np.int32]
    margin_deg: npt.NDArray[np.float32]
    strip: Floats
    beside: npt.NDArray[np.int32]
    held_start: npt.NDArray[np.int32]
    held_area: npt.NDArray[np.int32]
    record_start: npt.NDArray[np.int32]
    record_area: npt.NDArray[np.int32]
    record_key: npt.NDArray[np.int64]
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
        # How far in degrees a fix may reach before its leaf alone does not tell all of it.
        self._plain_deg = np.where(
            (np.diff(cells.record_start) > 0) | (cells.single == SEVERAL),
            np.float32(-1),
            cells.margin_deg,
        )
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
        look = (found == SEVERAL).nonzero()[0]
        if len(look):
            found[look] = self._beside(leaf.take(look), x.take(look), y.take(look), 0.0)
            look = look.take((found.take(look) == SEVERAL).nonzero()[0])
        if len(look):
            point, area = self.held_pairs(leaf.take(look), x.take(look), y.take(look))
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
        point, area = self.held_pairs(leaf.take(look), x.take(look), y.take(look))
        point = np.concatenate([sole, look[point]])
        area = np.concatenate([found[sole], area])
        order = np.lexsort((area, point))
        return point[order], area[order]

    def contains(self, area: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in the area of its row."""
        x, y = self._points(lon, lat)
        return self._own_entries(self._leaves(x, y), area, x, y)[0]

    def probability(self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats) -> Floats:
        """Probability that each true place lies in the area of its row (see geo/gaussian.py).

        ``area`` is an array of area numbers; ``sigma_m`` is in metres, 0 for a point.
        """
        x, y = self._points(lon, lat)
        leaf = self._leaves(x, y)
        share: Floats = (self.cells.single.take(leaf) == area).astype(np.float64)
        if not len(leaf):
            return share
        # The degree of longitude that is shortest among the fixes; what may need it looks twice.
        shortest = _metres(math.cos(RADIANS * max(abs(float(y.min())), abs(float(y.max())))))
        reach: Floats = sigma_m * (REACH / max(shortest, 1e-6))
        doubt = reach > self._plain_deg.take(leaf)
        if self._worldwide:
            doubt |= reach > 180 - np.abs(x)
        look = doubt.nonzero()[0]
        if len(look):
            share[look] = self._looked_at(
                leaf.take(look), area.take(look), x.take(look), y.take(look), sigma_m.take(look)
            )
        return share

    def _looked_at(
        self, leaf: Ints, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats
    ) -> Floats:
        """Probabilities of fixes of which their leaf's one area may not be the whole answer."""
        metres = np.maximum(_metres(np.cos(lat * RADIANS)), 1e-6)
        reach = REACH * sigma_m / metres
        far = reach > self.cells.margin_deg.take(leaf)
        if self._worldwide:
            far |= reach > 180 - np.abs(lon)
        plain = self._beside(leaf, lon, lat, reach)
        share: Floats = (plain == area).astype(np.float64)
        rest = (far | (plain == SEVERAL)).nonzero()[0]
        if len(rest):
            leaf, area, far = leaf.take(rest), area.take(rest), far.take(rest)
            lon, lat, sigma_m = lon.take(rest), lat.take(rest), sigma_m.take(rest)
            share[rest] = self._integrated(leaf, area, lon, lat, sigma_m, far)
        return share

    def _beside(self, leaf: Ints, lon: Floats, lat: Floats, reach_deg: Floats | float) -> Ints:
        """Who holds points that lie further than the reach beside their leaf's strip."""
        strip = self.cells.strip.take(leaf, axis=0)
        away = strip[:, 0] * lon + strip[:, 1] * lat - strip[:, 2]
        beside = self.cells.beside.take(leaf, axis=0)
        side = np.where(away > 0, beside[:, 1], beside[:, 0])
        return np.where(np.abs(away) > strip[:, 3] + reach_deg, side, SEVERAL)

    def _integrated(
        self, leaf: Ints, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats, far: Bools
    ) -> Floats:
        """Probabilities of fixes that borders come near; ``far``: beyond the leaf's margin."""
        inside, row, edge, ends = self._own_entries(leaf, area, lon, lat)
        if not np.count_nonzero(far):
            onward = self.borders.onward(edge)
            lost = lost_share(lon, lat, sigma_m, row, ends, onward, wraps=self._worldwide)
            return settle(inside, lost)
        share = np.zeros(len(lon))
        wide = far.nonzero()[0]
        share[wide] = self.borders.probability(
            area[wide], lon[wide], lat[wide], sigma_m[wide], inside[wide]
        )
        near = (~far).take(row)
        row, edge = row[near], edge[near]
        ends = (ends[0][near], ends[1][near], ends[2][near], ends[3][near])
        lost = lost_share(lon, lat, sigma_m, row, ends, self.borders.onward(edge))
        return np.where(far, share, settle(inside, lost))

    def _own_entries(
        self, leaf: Ints, area: Ints, lon: Floats, lat: Floats
    ) -> tuple[Bools, Ints, Ints, tuple[Floats, Floats, Floats, Floats]]:
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
        if self._overlapping:
            start = cells.held_start.take(leaf)
            point, held = spread(start, cells.held_start.take(leaf + 1) - start)
            inside[point[cells.held_area.take(held) == area.take(point)]] = True
        return inside, row, edge, ends

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
        if not self._overlapping:
            return point, area
        start = cells.held_start.take(leaf)
        whole, held = spread(start, cells.held_start.take(leaf + 1) - start)
        return np.concatenate([whole, point]), np.concatenate([cells.held_area[held], area])


@overload
def _metres(cos: float) -> float: ...
@overload
def _metres(cos: Floats) -> Floats: ...
def _metres(cos: float | Floats) -> float | Floats:
    """A degree of longitude where the latitude has this cosine, at least: metres.

    It shrinks; a little off the cosine allows for the far side.
    """
    return (cos - 0.002) * (0.98 * DEGREE_M)


def entry_parity(
    ends: tuple[Floats, Floats, Floats, Floats],
    left: npt.NDArray[np.uint8],
    lon: Floats,
    lat: Floats,
) -> Bools:
    """Whether each entry of a cell turns the answer at its point (see geo/covering_build.py)."""
    low_lon, low_lat, high_lon, high_lat = ends
    rise = np.maximum(high_lat - low_lat, 1e-300)
    at = low_lon + (lat - low_lat) * ((high_lon - low_lon) / rise)
    above_low, above_high = low_lat <= lat, high_lat <= lat
    turned: Bools = (above_low ^ above_high) & (at <= lon) & (left != 3)
    turned ^= (above_low & (left == 1)) | (above_high & (left == 2))
    return turned
