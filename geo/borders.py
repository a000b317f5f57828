"""The borders of many areas as flat arrays of edges, in chunks that can be ruled out together.

Edges run with the interior on their left. A chunk is up to ``CHUNK`` consecutive edges of one
ring with a box in degrees (for point-in-area) and a ball in Earth-centred metres that holds the
edges as they lie on the ground (for reach and distance). Everything is answered for columns of
(area, point) pairs at once.

Who owns a point on a border: the area that lies just east of it; where the border itself runs
due east-west, the one just north of it. That is the half-open rule ``a_lat <= lat < b_lat`` and
``crossing <= lon`` below. It looks at one edge alone, always taken from its southern end, so two
areas that share an edge get the same answer and exactly one of them the point. Longitude 180 is
read as -180, and a pole as a point a hair away from it.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, Ints, spread
from geo.ellipsoid import DEGREE_M, SEMI_MAJOR_M, Frames, ecef
from geo.gaussian import REACH, lost_share, settle
from geo.nearest import border_distance
from geo.rings import Edges, area_edges

CHUNK = 16
_BATCH = 1_000_000
"""Most (point, chunk) pairs that are looked at together, which bounds the memory."""


class Borders:
    """Edges of areas 0 .. n-1 and the answers that rest on them alone.

    Arrays: ``lon_a lat_a lon_b lat_b`` per edge in degrees; ``chunk_*`` per chunk;
    ``area_chunks`` (n + 1) the range of chunks of each area.
    """

    def __init__(self, areas: Sequence[MultiPolygon]) -> None:
        parts = [area_edges(area) for area in areas]
        self._lay_edges(parts)
        self._lay_chunks(parts)

    def __len__(self) -> int:
        return len(self.area_chunks) - 1

    def _lay_edges(self, parts: Sequence[Edges]) -> None:
        self.lon_a = np.concatenate([p.lon_a for p in parts])
        self.lat_a = np.concatenate([p.lat_a for p in parts])
        self.lon_b = np.concatenate([p.lon_b for p in parts])
        self.lat_b = np.concatenate([p.lat_b for p in parts])

    def _lay_chunks(self, parts: Sequence[Edges]) -> None:
        sizes = np.array([len(p.lon_a) for p in parts], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        run = np.concatenate([p.run for p in parts])
        area = np.repeat(np.arange(len(parts)), sizes)
        new = np.ones(len(run), dtype=bool)
        new[1:] = (run[1:] != run[:-1]) | (area[1:] != area[:-1])
        heads = np.flatnonzero(new)
        place = np.arange(len(run)) - heads[np.cumsum(new) - 1]
        starts = np.flatnonzero(place % CHUNK == 0)
        self.chunk_start = np.append(starts, len(run))
        self.area_chunks = np.searchsorted(starts, offsets)
        counted = np.concatenate([p.border for p in parts])
        self._measure_chunks(starts, counted)

    def _measure_chunks(self, starts: Ints, counted: Bools) -> None:
        if not len(starts):
            empty = np.zeros(0)
            self.chunk_west = self.chunk_east = self.chunk_south = self.chunk_north = empty
            self.chunk_first = self.chunk_last = self.chunk_radius = empty
            self.chunk_centre = np.zeros((0, 3))
            return
        self.chunk_west = np.minimum.reduceat(np.minimum(self.lon_a, self.lon_b), starts)
        self.chunk_east = np.maximum.reduceat(np.maximum(self.lon_a, self.lon_b), starts)
        self.chunk_south = np.minimum.reduceat(np.minimum(self.lat_a, self.lat_b), starts)
        self.chunk_north = np.maximum.reduceat(np.maximum(self.lat_a, self.lat_b), starts)
        last = self.chunk_start[1:] - 1
        self.chunk_first, self.chunk_last = self.lat_a[starts], self.lat_b[last]
        ends = np.stack(ecef(self.lon_a, self.lat_a)), np.stack(ecef(self.lon_b, self.lat_b))
        low = np.minimum.reduceat(np.minimum(*ends), starts, axis=1)
        high = np.maximum.reduceat(np.maximum(*ends), starts, axis=1)
        centre = (low + high) / 2
        chunk = np.repeat(np.arange(len(starts)), np.diff(self.chunk_start))
        reach = np.sqrt(np.maximum(*(((e - centre[:, chunk]) ** 2).sum(axis=0) for e in ends)))
        radius = np.maximum.reduceat(reach + self._bulge(), starts)
        # Cuts at the antimeridian are no borders: a ball beyond the Moon is never reached.
        real = counted[starts]
        self.chunk_centre = np.where(real, centre, 1e12).T.copy()
        self.chunk_radius = np.where(real, radius, 0.0)

    def _bulge(self) -> Floats:
        """How far an edge may lie from its chord in metres: straight in lon/lat is curved."""
        steep = np.minimum(np.maximum(np.abs(self.lat_a), np.abs(self.lat_b)), 89.9)
        span = DEGREE_M * 1.02 * np.hypot(self.lon_b - self.lon_a, self.lat_b - self.lat_a)
        sagitta: Floats = span**2 / (8 * SEMI_MAJOR_M) * (1 + np.tan(np.radians(steep)))
        bulge: Floats = np.minimum(sagitta, span)
        return bulge

    def contains(self, area: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether each point lies in the area of its row, by the rule above."""
        lon, lat = owner_point(lon, lat)
        odd = np.zeros(len(lon), dtype=bool)
        for row, chunk in self._chunk_pairs(area):
            x, y = lon[row], lat[row]
            left = self.chunk_east[chunk] <= x
            passed = left & ((self.chunk_first[chunk] <= y) != (self.chunk_last[chunk] <= y))
            open_ = ~left & (self.chunk_west[chunk] <= x)
            open_ &= (self.chunk_south[chunk] <= y) & (self.chunk_north[chunk] > y)
            pair, edge = self._edges_of(chunk[open_])
            pair = row[open_][pair]
            hit = self.crossed(edge, lon[pair], lat[pair])
            count = np.bincount(row[passed], minlength=len(lon))
            count += np.bincount(pair[hit], minlength=len(lon))
            odd ^= (count & 1).astype(bool)
        return odd

    def crossed(self, edge: Ints, lon: Floats, lat: Floats) -> Bools:
        """Whether the way from the far west to the point crosses the edge."""
        return crossed(
            self.lon_a[edge], self.lat_a[edge], self.lon_b[edge], self.lat_b[edge], lon, lat
        )

    def probability(
        self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats, inside: Bools
    ) -> Floats:
        """Share of the Gaussian around each fix that lies in its area (see geo/gaussian.py)."""
        lost = np.zeros(len(lon))
        fuzzy = np.flatnonzero(sigma_m > 0)
        if len(fuzzy):
            lost[fuzzy] = self._lost(area[fuzzy], lon[fuzzy], lat[fuzzy], sigma_m[fuzzy])
        return settle(inside, lost)

    def _lost(self, area: Ints, lon: Floats, lat: Floats, sigma_m: Floats) -> Floats:
        total = np.zeros(len(lon))
        px, py, pz = ecef(lon, lat)
        for row, chunk in self._chunk_pairs(area):
            cx, cy, cz = self.chunk_centre[chunk].T
            gap2 = (px[row] - cx) ** 2 + (py[row] - cy) ** 2 + (pz[row] - cz) ** 2
            near = gap2 <= (self.chunk_radius[chunk] + REACH * sigma_m[row]) ** 2
            pair, edge = self._edges_of(chunk[near])
            if len(pair):
                total += lost_share(lon, lat, sigma_m, row[near][pair], self._ends(edge))
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
                found = border_distance(lon, lat, frames, row[near][pair], self._ends(edge))
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

    def _ends(self, edge: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        return self.lon_a[edge], self.lat_a[edge], self.lon_b[edge], self.lat_b[edge]

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
    lon_a: Floats, lat_a: Floats, lon_b: Floats, lat_b: Floats, lon: Floats, lat: Floats
) -> Bools:
    """Whether the way from the far west along its parallel to the point crosses the edge a-b."""
    between: Bools = (lat_a <= lat) != (lat_b <= lat)
    up = lat_a <= lat_b
    low_lon, low_lat = np.where(up, lon_a, lon_b), np.where(up, lat_a, lat_b)
    high_lon, high_lat = np.where(up, lon_b, lon_a), np.where(up, lat_b, lat_a)
    rise = np.where(between, high_lat - low_lat, 1.0)
    at = low_lon + (lat - low_lat) * ((high_lon - low_lon) / rise)
    # Rounding must not put the crossing beyond the edge's own ends.
    ahead = np.maximum(lon_a, lon_b) <= lon
    return between & (ahead | ((at <= lon) & (np.minimum(lon_a, lon_b) <= lon)))


def owner_point(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """The point by which ownership is decided: 180 is -180, poles a hair away from themselves."""
    return np.where(lon == 180.0, -180.0, lon), np.clip(lat, -90.0, np.nextafter(90.0, 0.0))
