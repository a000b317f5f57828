"""An index of cells over many areas, in which most points need no polygon test.

Square cells in degrees, each split 4 x 4 where borders are dense. A cell (``leaf``) lists the
areas that hold all of it, and, where borders cross it, for each such area the few edges that
matter with one bit of parity, so that the answer is exact to the last bit: it is that of
``Borders.contains``. Leaves that no border comes near say how near none comes, so that the
probability of a sharp fix in them is 0 or 1 without an integral.

Everything is flat arrays, which are kept on disk and mapped by every worker: the pages are there
once. How the parity works stands in geo/covering_build.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, FloatsLike, Ints, floats, spread
from geo.borders import Borders, crossed, owner_point
from geo.ellipsoid import DEGREE_M
from geo.gaussian import REACH

SPLIT = 4
NONE, SEVERAL = -1, -2


@dataclass(frozen=True, slots=True)
class Cells:
    """The arrays of the index; all offsets are into the array named.

    ``grid``: west, south in degrees, cells per degree, columns, rows. ``top`` (rows x columns)
    and ``children`` (16 a block) hold codes: a leaf's number, or -1 - block where split.
    Per leaf: ``single`` the one area that holds it (or NONE; SEVERAL where it takes a look),
    ``clear_deg`` the least distance in degrees of any border, ``held`` and ``records`` ranges.
    Per record: area, parity bit, range of ``entry_edge``; ``entry_left``: 1 or 2 where the
    edge's end a or b lies west of the cell while the other does not, else 0.
    """

    grid: Floats
    top: npt.NDArray[np.int32]
    children: npt.NDArray[np.int32]
    single: npt.NDArray[np.int32]
    clear_deg: npt.NDArray[np.float32]
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
        self._columns, self._last = int(columns), (int(columns) - 1, int(rows) - 1)

    @classmethod
    def build(cls, shapes: Sequence[MultiPolygon]) -> "Covering":
        """Index the shapes; they may overlap. Takes some microseconds an edge."""
        from geo.covering_build import build_cells

        borders = Borders(shapes)
        return cls(borders, build_cells(borders))

    def owner(self, lon: FloatsLike, lat: FloatsLike) -> Ints:
        """The first area that holds each point (of areas that do not overlap: the area), or -1."""
        x, y = owner_point(floats(lon), floats(lat))
        leaf = self._leaves(x, y)
        found = self.cells.single[leaf].astype(np.int64)
        look = np.flatnonzero(found == SEVERAL)
        if len(look):
            point, area = self._held_pairs(leaf[look], x[look], y[look])
            first = np.full(len(look), len(self.borders), dtype=np.int64)
            np.minimum.at(first, point, area)
            found[look] = np.where(first == len(self.borders), NONE, first)
        return found

    def pairs(self, lon: FloatsLike, lat: FloatsLike) -> tuple[Ints, Ints]:
        """All (point, area) index pairs where the area holds the point, by point, then area."""
        x, y = owner_point(floats(lon), floats(lat))
        leaf = self._leaves(x, y)
        found = self.cells.single[leaf].astype(np.int64)
        sole = np.flatnonzero(found >= 0)
        look = np.flatnonzero(found == SEVERAL)
        point, area = self._held_pairs(leaf[look], x[look], y[look])
        point = np.concatenate([sole, look[point]])
        area = np.concatenate([found[sole], area])
        order = np.lexsort((area, point))
        return point[order], area[order]

    def contains(self, area: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in the area of its row."""
        x, y = owner_point(lon, lat)
        return self._holds(self._leaves(x, y), area, x, y)

    def probability(self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats) -> Floats:
        """Probability that each true place lies in the area of its row (see geo/gaussian.py).

        ``area`` is an array of area numbers; ``sigma_m`` is in metres, 0 for a point.
        """
        x, y = owner_point(lon, lat)
        leaf = self._leaves(x, y)
        single = self.cells.single[leaf]
        share = (single == area).astype(np.float64)
        # A degree of longitude shrinks; a little off the cosine allows for the far side.
        metres = np.maximum(np.cos(y * (np.pi / 180)) - 0.002, 0.0) * (0.98 * DEGREE_M)
        near = REACH * sigma_m > self.cells.clear_deg[leaf] * metres
        rest = np.flatnonzero(near | (single == SEVERAL))
        if len(rest):
            leaf, area, x, y = leaf[rest], area[rest], x[rest], y[rest]
            inside = self._holds(leaf, area, x, y)
            share[rest] = self.borders.probability(area, x, y, sigma_m[rest], inside)
        return share

    def distance_m(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        """Geodesic metres to the nearest border of the row's area, negative inside."""
        away = self.borders.distance(area, lon, lat)
        return np.where(self.contains(area, lon, lat), -away, away)

    def _leaves(self, lon: Floats, lat: Floats) -> npt.NDArray[np.int32]:
        u = np.clip((lon - self._west) * self._per_degree, 0, self._last[0])
        v = np.clip((lat - self._south) * self._per_degree, 0, self._last[1])
        code = self.cells.top[v.astype(np.int32) * self._columns + u.astype(np.int32)]
        deeper = np.flatnonzero(code < 0)
        if not len(deeper):
            return code
        u, v, inner = u[deeper], v[deeper], code[deeper]
        while True:
            u, v = u * SPLIT, v * SPLIT
            slot = (v.astype(np.int32) & 3) * SPLIT + (u.astype(np.int32) & 3)
            inner = self.cells.children[slot - (inner + 1) * 16]
            code[deeper] = inner
            more = np.flatnonzero(inner < 0)
            if not len(more):
                return code
            deeper, u, v, inner = deeper[more], u[more], v[more], inner[more]

    def _holds(self, leaf: Ints, area: Ints, lon: Floats, lat: Floats) -> Bools:
        single = self.cells.single[leaf]
        inside: Bools = single == area
        look = np.flatnonzero(single == SEVERAL)
        if len(look):
            point, found = self._held_pairs(leaf[look], lon[look], lat[look])
            point = look[point]
            inside[point[found == area[point]]] = True
        return inside

    def _held_pairs(
        self, leaf: npt.NDArray[np.int32], lon: Floats, lat: Floats
    ) -> tuple[Ints, Ints]:
        """(point, area) pairs that hold, from whole cells and from cells that a border crosses."""
        cells = self.cells
        start = cells.held_start[leaf]
        whole_point, held = spread(start, cells.held_start[leaf + 1] - start)
        start = cells.record_start[leaf]
        point, record = spread(start, cells.record_start[leaf + 1] - start)
        start = cells.entry_start[record]
        owner, entry = spread(start, cells.entry_start[record + 1] - start)
        row = point[owner]
        odd = entry_parity(
            self.borders, cells.entry_edge[entry], cells.entry_left[entry], lon[row], lat[row]
        )
        count = np.bincount(owner[odd], minlength=len(record)) + cells.record_odd[record]
        inside = np.flatnonzero(count & 1)
        if not len(whole_point):
            return point[inside], cells.record_area[record[inside]].astype(np.int64)
        return (
            np.concatenate([whole_point, point[inside]]),
            np.concatenate([cells.held_area[held], cells.record_area[record[inside]]]).astype(
                np.int64
            ),
        )


def entry_parity(
    borders: Borders, edge: Ints, left: npt.NDArray[np.uint8], lon: Floats, lat: Floats
) -> Bools:
    """Whether each entry of a cell turns the answer at its point."""
    lat_a, lat_b = borders.lat_a[edge], borders.lat_b[edge]
    turned = crossed(borders.lon_a[edge], lat_a, borders.lon_b[edge], lat_b, lon, lat)
    return turned ^ (((left == 1) & (lat_a <= lat)) | ((left == 2) & (lat_b <= lat)))
