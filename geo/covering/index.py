"""An index of cells over many areas, in which most points need no polygon test.

Square cells in degrees, each split 4 x 4 where borders are dense. A cell (``leaf``) lists the
areas that hold all of it, and, where borders cross it, for each such area the few edges that
matter with one bit of parity, so that the answer is exact to the last bit: it is that of
``Borders.contains``. A leaf also lists the edges near it: a sharp fix in a leaf without any has
the probability 0 or 1 without an integral, and others need no search for their edges.

Everything is flat arrays, which are kept on disk and mapped by every worker: the pages are there
once. How the parity works stands in geo/covering/parity.py.
"""

import math
from typing import overload

import numpy as np

from geo.arrays import Bools, Floats, FloatsLike, Ints, floats
from geo.borders import Borders, owner_point
from geo.covering.cells import NONE, SEVERAL, Cells
from geo.covering.lookup import Lookup
from geo.covering.wide import Wide
from geo.ellipsoid import DEGREE_M, RADIANS
from geo.gaussian import REACH, degrees_around, lost_share, nudged, settle


class Covering:
    """Areas 0 .. n-1, asked for columns of points which of them hold a point, and how surely."""

    def __init__(self, borders: Borders, cells: Cells, wide: tuple[Wide, ...] = ()) -> None:
        """``wide``: tables for fixes that reach beyond their leaf's margin, the finest first."""
        self.borders = borders
        self.cells = cells
        self.wide = wide
        self.lookup = Lookup(borders, cells)
        # How far in degrees a fix may reach before its leaf alone does not tell all of it.
        self._plain_deg = np.where(
            (np.diff(cells.record_start) > 0) | (cells.single == SEVERAL),
            np.float32(-1),
            cells.margin_deg,
        )
        # Near the antimeridian and the poles neighbours in truth are none in degrees.
        edge = max(
            -float(borders.chunk_west.min(initial=0)),
            float(borders.chunk_east.max(initial=0)),
            2 * float(borders.chunk_north.max(initial=0)),
            -2 * float(borders.chunk_south.min(initial=0)),
        )
        self._worldwide = edge > 170

    def owner(self, lon: FloatsLike, lat: FloatsLike) -> Ints:
        """The first area that holds each point (of areas that do not overlap: the area), or -1."""
        x, y = self._points(floats(lon), floats(lat))
        leaf = self.lookup.leaves(x, y)
        found = self.cells.single.take(leaf).astype(np.int64)
        look = (found == SEVERAL).nonzero()[0]
        if len(look):
            found[look] = self.lookup.beside(leaf.take(look), x.take(look), y.take(look), 0.0)
            look = look.take((found.take(look) == SEVERAL).nonzero()[0])
        if len(look):
            point, area = self.lookup.held_pairs(leaf.take(look), x.take(look), y.take(look))
            if self.lookup.overlapping:
                order = np.argsort(-area, kind="stable")
                point, area = point[order], area[order]
            found[look] = NONE
            found[look[point]] = area
        return found

    def pairs(self, lon: FloatsLike, lat: FloatsLike) -> tuple[Ints, Ints]:
        """All (point, area) index pairs where the area holds the point, by point, then area."""
        x, y = self._points(floats(lon), floats(lat))
        leaf = self.lookup.leaves(x, y)
        found = self.cells.single.take(leaf).astype(np.int64)
        sole = np.flatnonzero(found >= 0)
        look = np.flatnonzero(found == SEVERAL)
        point, area = self.lookup.held_pairs(leaf.take(look), x.take(look), y.take(look))
        point = np.concatenate([sole, look[point]])
        area = np.concatenate([found[sole], area])
        order = np.lexsort((area, point))
        return point[order], area[order]

    def contains(self, area: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in the area of its row."""
        x, y = self._points(lon, lat)
        return self.lookup.own_entries(self.lookup.leaves(x, y), area, x, y)[0]

    def probability(self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats) -> Floats:
        """Probability that each true place lies in the area of its row (see geo/gaussian.py).

        ``area`` is an array of area numbers; ``sigma_m`` is in metres, 0 for a point.
        """
        x, y = self._points(*nudged(lon, lat, sigma_m))
        leaf = self.lookup.leaves(x, y)
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
        plain = self.lookup.beside(leaf, lon, lat, reach)
        share: Floats = (plain == area).astype(np.float64)
        rest = (far | (plain == SEVERAL)).nonzero()[0]
        if len(rest):
            leaf, area, far = leaf.take(rest), area.take(rest), far.take(rest)
            lon, lat, sigma_m = lon.take(rest), lat.take(rest), sigma_m.take(rest)
            share[rest] = self._integrated(leaf, area, lon, lat, sigma_m, far)
        return share

    def _integrated(
        self, leaf: Ints, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats, far: Bools
    ) -> Floats:
        """Probabilities of fixes that borders come near; ``far``: beyond the leaf's margin."""
        inside, row, edge, ends = self.lookup.own_entries(leaf, area, lon, lat)
        if not np.count_nonzero(far):
            onward = self.borders.onward(edge)
            lost = lost_share(lon, lat, sigma_m, row, ends, onward, wraps=self._worldwide)
            return settle(inside, lost)
        share = np.zeros(len(lon))
        wide = far.nonzero()[0]
        share[wide] = self._wide_share(
            area[wide], lon[wide], lat[wide], sigma_m[wide], inside[wide]
        )
        if len(wide) == len(lon):
            return share
        near = (~far).take(row)
        row, edge = row[near], edge[near]
        ends = (ends[0][near], ends[1][near], ends[2][near], ends[3][near])
        lost = lost_share(lon, lat, sigma_m, row, ends, self.borders.onward(edge))
        return np.where(far, share, settle(inside, lost))

    def _wide_share(
        self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats, inside: Bools
    ) -> Floats:
        """Probabilities of fixes that reach beyond their leaf's margin."""
        share = np.zeros(len(lon))
        reach = degrees_around(lat, sigma_m)
        most = np.maximum(*reach)
        if self._worldwide:
            most[most > 180 - np.abs(lon)] = np.inf
        left = np.arange(len(lon))
        for table in self.wide:
            fits = most.take(left) <= table.margin_deg
            some, left = left[fits], left[~fits]
            if not len(some):
                continue
            x, y, sigma = lon.take(some), lat.take(some), sigma_m.take(some)
            around = reach[0].take(some), reach[1].take(some)
            row, edge = table.edges(len(self.borders), area.take(some), (x, y), around)
            ends, onward = self.borders.ends(edge), self.borders.onward(edge)
            lost = lost_share(x, y, sigma, row, ends, onward, wraps=False)
            share[some] = settle(inside.take(some), lost)
        if len(left):
            share[left] = self.borders.probability(
                area[left], lon[left], lat[left], sigma_m[left], inside[left]
            )
        return share

    def distance_m(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        """Geodesic metres to the nearest border of the row's area, negative inside."""
        away = self.borders.distance(area, lon, lat)
        return np.where(self.contains(area, lon, lat), -away, away)

    def _points(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        return owner_point(lon, lat) if self._worldwide else (lon, lat)


@overload
def _metres(cos: float) -> float: ...
@overload
def _metres(cos: Floats) -> Floats: ...
def _metres(cos: float | Floats) -> float | Floats:
    """A degree of longitude where the latitude has this cosine, at least: metres.

    It shrinks; a little off the cosine allows for the far side.
    """
    return (cos - 0.002) * (0.98 * DEGREE_M)
