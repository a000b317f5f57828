"""The borders of many areas as flat arrays of edges, in chunks that can be ruled out together.

Edges run with the interior on their left. A chunk is up to ``CHUNK`` consecutive edges of one
ring with a box in degrees (for point-in-area) and a ball in Earth-centred metres that holds the
box as it lies on the ground (for reach and distance). Everything is answered for columns of
(area, point) pairs at once.

Who owns a point on a border: the area that lies just east of it; where the border itself runs
due east-west, the one just north of it. That is the half-open rule ``a_lat <= lat < b_lat`` and
``crossing <= lon`` below. It looks at one edge alone, always taken from its southern end, so two
areas that share an edge get the same answer and exactly one of them the point. Longitude 180 is
read as -180, and a pole as a point a hair away from it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, Ints, spread
from geo.ellipsoid import MOST_CURVE_M, RADIANS, Frames, ecef
from geo.gaussian import REACH, lost_share, settle
from geo.nearest import border_distance
from geo.rings import Edges, edges_of

Ends = tuple[Floats, Floats, Floats, Floats]
CHUNK = 16
_HAIR_DEG = 1e-9
_BEYOND_M = 1e12
_POLE = float(np.nextafter(90.0, 0.0))
_BATCH = 1_000_000
"""Most (point, chunk) pairs that are looked at together, which bounds the memory."""


class Borders:
    """Edges of areas 0 .. n-1 and the answers that rest on them alone.

    Arrays: ``low_lon low_lat high_lon high_lat`` per edge in degrees, its southern end and its
    northern, and ``up``, whether it runs north; ``chunk_*`` per chunk; ``area_chunks`` (n + 1)
    the range of chunks of each area.
    """

    low_lon: Floats
    low_lat: Floats
    high_lon: Floats
    high_lat: Floats
    up: Bools
    chunk_start: Ints
    chunk_west: Floats
    chunk_east: Floats
    chunk_south: Floats
    chunk_north: Floats
    chunk_first: Floats
    chunk_last: Floats
    chunk_centre: Floats
    chunk_radius: Floats
    area_chunks: Ints

    def __init__(self, areas: Sequence[MultiPolygon]) -> None:
        edges = edges_of(areas)
        self._lay_edges(edges)
        self._lay_chunks(edges)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "Borders":
        """Borders of the very arrays, by name."""
        borders = cls.__new__(cls)
        for name in Borders.__annotations__:
            setattr(borders, name, arrays[name])
        return borders

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All arrays by name."""
        return {name: getattr(self, name) for name in Borders.__annotations__}

    def __len__(self) -> int:
        return len(self.area_chunks) - 1

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return sum(array.nbytes for array in self.arrays().values())

    def _lay_edges(self, edges: Edges) -> None:
        self.up = edges.lat_a <= edges.lat_b
        self.low_lon = np.where(self.up, edges.lon_a, edges.lon_b)
        self.low_lat = np.minimum(edges.lat_a, edges.lat_b)
        self.high_lon = np.where(self.up, edges.lon_b, edges.lon_a)
        self.high_lat = np.maximum(edges.lat_a, edges.lat_b)

    def _lay_chunks(self, edges: Edges) -> None:
        run, count = edges.run, len(edges.run)
        new = np.ones(count, dtype=bool)
        new[1:] = run[1:] != run[:-1]
        new[edges.area_bounds[:-1][np.diff(edges.area_bounds) > 0]] = True
        heads = np.flatnonzero(new)
        place = np.arange(count) - np.repeat(heads, np.diff(np.append(heads, count)))
        starts = np.flatnonzero(place % CHUNK == 0)
        self.chunk_start = np.append(starts, count)
        self.area_chunks = np.searchsorted(starts, edges.area_bounds)
        self._measure_chunks(starts, edges.border)

    def _measure_chunks(self, starts: Ints, counted: Bools) -> None:
        if not len(starts):
            empty = np.zeros(0)
            self.chunk_west = self.chunk_east = self.chunk_south = self.chunk_north = empty
            self.chunk_first = self.chunk_last = self.chunk_radius = empty
            self.chunk_centre = np.zeros((0, 3))
            return
        self.chunk_west = np.minimum.reduceat(np.minimum(self.low_lon, self.high_lon), starts)
        self.chunk_east = np.maximum.reduceat(np.maximum(self.low_lon, self.high_lon), starts)
        self.chunk_south = np.minimum.reduceat(self.low_lat, starts)
        self.chunk_north = np.maximum.reduceat(self.high_lat, starts)
        last = self.chunk_start[1:] - 1
        self.chunk_first = np.where(self.up[starts], self.low_lat[starts], self.high_lat[starts])
        self.chunk_last = np.where(self.up[last], self.high_lat[last], self.low_lat[last])
        # Cuts at the antimeridian are no borders: a ball beyond the Moon is never reached.
        real = counted[starts]
        middle = (self.chunk_west + self.chunk_east) / 2, (self.chunk_south + self.chunk_north) / 2
        self.chunk_centre = np.where(real, np.stack(ecef(*middle)), _BEYOND_M).T.copy()
        self.chunk_radius = np.where(real, self._half_diagonal(), 0.0)

    def _half_diagonal(self) -> Floats:
        """No point of a chunk's box lies further on the ground from the box's middle (metres)."""
        straddles = (self.chunk_south < 0) & (self.chunk_north > 0)
        flattest = np.minimum(np.abs(self.chunk_south), np.abs(self.chunk_north))
        cos = np.cos(np.where(straddles, 0.0, flattest) * RADIANS)
        wide = (self.chunk_east - self.chunk_west) * cos
        high = self.chunk_north - self.chunk_south
        half: Floats = np.hypot(wide, high) * (RADIANS * MOST_CURVE_M / 2)
        return half

    def contains(self, area: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in the area of its row, by the rule above."""
        lon, lat = owner_point(lon, lat)
        odd = np.zeros(len(lon), dtype=bool)
        for row, chunk in self._chunk_pairs(area):
            x, y = lon[row], lat[row]
            left = self.chunk_east[chunk] + _HAIR_DEG <= x
            passed = left & ((self.chunk_first[chunk] <= y) != (self.chunk_last[chunk] <= y))
            open_ = ~left & (self.chunk_west[chunk] - _HAIR_DEG <= x)
            open_ &= (self.chunk_south[chunk] <= y) & (self.chunk_north[chunk] > y)
            pair, edge = self._edges_of(chunk[open_])
            pair = row[open_][pair]
            hit = self.crossed(edge, lon[pair], lat[pair])
            count = np.bincount(row[passed], minlength=len(lon))
            count += np.bincount(pair[hit], minlength=len(lon))
            odd ^= (count & 1).astype(bool)
        return odd

    def crossed(self, edge: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether the way from the far west along its parallel to the point crosses the edge."""
        low_lat, high_lat = self.low_lat[edge], self.high_lat[edge]
        return crossed(self.low_lon[edge], low_lat, self.high_lon[edge], high_lat, lon, lat)

    def probability(
        self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats, inside: Bools
    ) -> Floats:
        """Share of the Gaussian around each fix that lies in its area (see geo/gaussian.py).

        The fixes are ``nudged``, and ``inside`` says which of them lie in their area then.
        """
        lost = np.zeros(len(lon))
        fuzzy = np.flatnonzero(sigma_m > 0)
        if len(fuzzy):
            lost[fuzzy] = self._lost(area[fuzzy], lon[fuzzy], lat[fuzzy], sigma_m[fuzzy])
        return settle(inside, lost)

    def _lost(self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats) -> Floats:
        total = np.zeros(len(lon))
        place, reach = np.stack(ecef(lon, lat), axis=1), REACH * sigma_m
        for row, chunk in self._chunk_pairs(area):
            gap = place[row] - self.chunk_centre[chunk]
            gap2 = np.einsum("ij,ij->i", gap, gap)
            near = (gap2 <= (self.chunk_radius[chunk] + reach[row]) ** 2).nonzero()[0]
            pair, edge = self._edges_of(chunk[near])
            if len(pair):
                row = row[near][pair]
                total += lost_share(lon, lat, sigma_m, row, self.ends(edge), self.onward(edge))
        return total

    def distance(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        """Metres from each point to the nearest border of its area; infinite where it has none."""
        nearest = self._least_upper_bound(area, lon, lat)
        frames = Frames(lon, lat)
        best = np.full(len(lon), np.inf)
        for row, chunk in self._chunk_pairs(area):
            least, _ = self._bounds(frames, row, chunk)
            # Chord and geodesic rank points alike but for the ellipsoid's flattening.
            near = least <= nearest[row] * 1.01 + 1e-3
            pair, edge = self._edges_of(chunk[near])
            if len(pair):
                found = border_distance(lon, lat, frames, row[near][pair], self.ends(edge))
                best = np.minimum(best, found)
        return best

    def _least_upper_bound(self, area: Ints, lon: Floats, lat: Floats) -> Floats:
        frames = Frames(lon, lat)
        nearest = np.full(len(lon), np.inf)
        for row, chunk in self._chunk_pairs(area):
            np.minimum.at(nearest, row, self._bounds(frames, row, chunk)[1])
        return nearest

    def _bounds(self, frames: Frames, row: Ints, chunk: Ints) -> tuple[Floats, Floats]:
        """Least and greatest chord in metres from the origin of ``row`` to the chunk's ball."""
        cx, cy, cz = self.chunk_centre[chunk].T
        gap = (frames.x[row] - cx) ** 2 + (frames.y[row] - cy) ** 2 + (frames.z[row] - cz) ** 2
        gap = np.sqrt(gap)
        radius = self.chunk_radius[chunk]
        return np.maximum(gap - radius, 0.0), gap + radius

    def ends(self, edge: Ints | slice) -> Ends:
        """Longitude and latitude of the edges' low ends, then of their high ends."""
        if isinstance(edge, slice):
            return self.low_lon[edge], self.low_lat[edge], self.high_lon[edge], self.high_lat[edge]
        low_lon, low_lat = self.low_lon.take(edge), self.low_lat.take(edge)
        return low_lon, low_lat, self.high_lon.take(edge), self.high_lat.take(edge)

    def onward(self, edge: Ints) -> Floats:
        """1 where the border runs from the low end to the high one, else -1."""
        onward: Floats = np.where(self.up.take(edge), 1.0, -1.0)
        return onward

    def _edges_of(self, chunk: Ints) -> tuple[Ints, Ints]:
        start = self.chunk_start[chunk]
        return spread(start, self.chunk_start[chunk + 1] - start)

    def _chunk_pairs(self, area: Ints) -> Iterator[tuple[Ints, Ints]]:
        """All (row, chunk) pairs, in portions of whole rows where that fits the memory."""
        start = self.area_chunks[area]
        count = self.area_chunks[area + 1] - start
        ends = np.cumsum(count)
        low = 0
        while low < len(area):
            done = ends[low - 1] if low else 0
            high = max(int(np.searchsorted(ends, done + _BATCH, side="right")), low + 1)
            owner, chunk = spread(start[low:high], count[low:high])
            yield owner + low, chunk
            low = high


def crossed(
    low_lon: Floats, low_lat: Floats, high_lon: Floats, high_lat: Floats, lon: Floats, lat: Floats
) -> Bools:
    """Whether the way from the far west along its parallel to the point crosses the edge."""
    # An edge due east-west is never crossed; the floor only keeps the division quiet.
    rise = np.maximum(high_lat - low_lat, 1e-300)
    at = low_lon + (lat - low_lat) * ((high_lon - low_lon) / rise)
    hit: Bools = (low_lat <= lat) & (lat < high_lat) & (at <= lon)
    return hit


def owner_point(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The point by which ownership is decided: 180 is -180, poles a hair away from themselves."""
    return np.where(lon == 180.0, -180.0, lon), np.minimum(lat, _POLE)
