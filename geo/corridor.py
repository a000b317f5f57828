"""Corridors: how far a point lies from a route or a stop, in metres on the ground.

A route's legs are geodesics between its points, as a vehicle's way between two places is best
thought of; they are cut into pieces short enough that straight in lon/lat is the same to some
centimetres. Nothing here is buffered in degrees, so 60 degrees north is as right as the equator.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon

from geo.arrays import Bools, Floats, FloatsLike, floats, spread
from geo.ellipsoid import SEMI_MAJOR_M, Frames
from geo.errors import GeoError
from geo.geodesic import between_m, distance_m, forward
from geo.nearest import border_distance
from geo.points import check_points

_GEOD = Geod(ellps="WGS84")
_SAG_M = 0.05
_MAX_PIECE_M = 5_000.0
_PAIRS = 400_000
_ROUND = 64
"""Corners of the circle that a buffer takes for round; it lies outside the true one."""


class Route:
    """A line of points on WGS-84, asked for columns of points how far off they are."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        """``points`` are (lon, lat) in degrees; one point alone is a place, not an error.

        Raises:
            GeoError: ``line-invalid`` (no point, or not pairs), or what ``check_points`` says.
        """
        try:
            line = np.array(points, dtype=np.float64).reshape(-1, 2)
        except (TypeError, ValueError):
            line = np.zeros((0, 2))
        if not len(line):
            raise GeoError("a route is a list of [lon, lat]", field="route", type="line-invalid")
        check_points(line[:, 0], line[:, 1], null_island=False)
        self._points = line
        self._ends = _pieces(line)

    def distance_m(self, lon: FloatsLike, lat: FloatsLike) -> Floats:
        """Geodesic metres from each point (degrees) to the nearest point of the route."""
        x, y = floats(lon), floats(lat)
        best = np.empty(len(x))
        size = len(self._ends[0])
        step = max(1, _PAIRS // size)
        for low in range(0, len(x), step):
            part = slice(low, low + step)
            near_x, near_y = x[part], y[part]
            row, edge = spread(np.zeros(len(near_x), dtype=np.int64), np.full(len(near_x), size))
            lon_a, lat_a, lon_b, lat_b = (end[edge] for end in self._ends)
            # Measured in the point's own turn around the Earth.
            turn = 360.0 * np.round((near_x[row] - lon_a) / 360.0)
            ends = (lon_a + turn, lat_a, lon_b + turn, lat_b)
            best[part] = border_distance(near_x, near_y, Frames(near_x, near_y), row, ends)
        return best

    def at_most_m(self, lon: float, lat: float, enough_m: float = 0.0) -> float:
        """Metres from one point to some point of the route, mostly nearly the nearest: a bound from
        above, at a fiftieth of the cost of ``distance_m``. Up to ``enough_m`` any will do."""
        lon_a, lat_a, lon_b, lat_b = self._ends
        narrow = max(math.cos(math.radians(lat)), 1e-3)
        x, y = ((lon_a - lon + 180.0) % 360.0 - 180.0) * narrow, lat_a - lat
        if enough_m > 0.0:
            at = int((x * x + y * y).argmin())
            bound_m = between_m(lon, lat, float(lon_a[at]), float(lat_a[at]))
            if bound_m <= enough_m:
                return bound_m
        dx, dy = (lon_b - lon_a) * narrow, lat_b - lat_a
        square = dx * dx + dy * dy
        t = np.clip(-(x * dx + y * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        at = int(np.argmin((x + t * dx) ** 2 + (y + t * dy) ** 2))
        on_lon = lon_a[at] + t[at] * (lon_b[at] - lon_a[at])
        on_lat = lat_a[at] + t[at] * (lat_b[at] - lat_a[at])
        return between_m(lon, lat, float(on_lon), float(on_lat))

    def within(self, lon: FloatsLike, lat: FloatsLike, corridor_m: float) -> Bools:
        """Whether each point lies within ``corridor_m`` metres to either side of the route."""
        inside: Bools = self.distance_m(lon, lat) <= corridor_m
        return inside

    def buffered(self, corridor_m: float) -> MultiPolygon:
        """The corridor as a shape to draw, in degrees, cut at the antimeridian.

        Made of rounded pieces, each from geodesics on the ground; its outline is right to 0.2 %
        of ``corridor_m``. To judge a point, ask ``within``.
        """
        lon_a, lat_a, lon_b, lat_b = self._ends
        circles_a = _circles(lon_a, lat_a, corridor_m)
        circles_b = _circles(lon_b, lat_b, corridor_m, about=lon_a)
        hulls = shapely.convex_hull(
            shapely.multipoints(
                np.concatenate([circles_a, circles_b], axis=1).reshape(-1, 2),
                indices=np.repeat(np.arange(len(lon_a)), 2 * _ROUND),
            )
        )
        return _wrapped(shapely.union_all(hulls))


def stop_distance_m(
    lon: FloatsLike, lat: FloatsLike, *, stop_lon: float, stop_lat: float, radius_m: float
) -> Floats:
    """Metres from each point to the edge of a stop's circle, negative within it."""
    return distance_m(lon, lat, stop_lon, stop_lat) - radius_m


def _pieces(line: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The legs cut into short pieces: (lon_a, lat_a, lon_b, lat_b), each b within a turn of a."""
    if len(line) == 1:
        lon, lat = line[:, 0], line[:, 1]
        return lon, lat, lon, lat
    azimuth, _, length = _GEOD.inv(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
    steep = np.tan(np.radians(np.minimum(np.abs(line[:, 1]) + 1, 89.0)))
    steep = np.maximum(np.maximum(steep[:-1], steep[1:]), 0.01)
    piece = np.minimum(np.sqrt(_SAG_M * 8 * SEMI_MAJOR_M / steep), _MAX_PIECE_M)
    count = np.maximum(np.ceil(np.asarray(length) / piece), 1).astype(np.int64)
    leg, step = spread(np.zeros(len(count), dtype=np.int64), count)
    start = line[:-1][leg]
    along, course = np.asarray(length)[leg] / count[leg], np.asarray(azimuth)[leg]
    lon_a, lat_a = forward(start[:, 0], start[:, 1], course, along * step)
    lon_b, lat_b = forward(start[:, 0], start[:, 1], course, along * (step + 1))
    return lon_a, lat_a, lon_b + 360.0 * np.round((lon_a - lon_b) / 360.0), lat_b


def _circles(lon: Floats, lat: Floats, radius_m: float, about: Floats | None = None) -> Floats:
    """(n, corners, 2): a polygon around the circle of each point, within a turn of ``about``."""
    turn = np.arange(_ROUND) * (360.0 / _ROUND)
    x, y = np.repeat(lon, _ROUND), np.repeat(lat, _ROUND)
    reach = radius_m / np.cos(np.pi / _ROUND)
    to_lon, to_lat = forward(x, y, np.tile(turn, len(lon)), np.full(len(x), reach))
    home = np.repeat(lon if about is None else about, _ROUND)
    to_lon = to_lon + 360.0 * np.round((home - to_lon) / 360.0)
    return np.column_stack([to_lon, to_lat]).reshape(len(lon), _ROUND, 2)


def _wrapped(shape: Polygon | MultiPolygon) -> MultiPolygon:
    """What lies beyond longitude 180 comes in from the other side."""
    parts = []
    for turn in (-360.0, 0.0, 360.0):
        moved = shapely.transform(shape, lambda p, turn=turn: p + np.array([turn, 0.0]))
        piece = shapely.clip_by_rect(moved, -180.0, -90.0, 180.0, 90.0)
        parts += [p for p in shapely.get_parts(piece) if p.geom_type == "Polygon" and p.area > 0]
    return MultiPolygon(parts)
