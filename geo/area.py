"""An area: one or more polygons seen as one, asked for columns of points at a time."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.arrays import Bools, Floats, FloatsLike, Ints, floats
from geo.borders import Borders
from geo.errors import GeoError
from geo.gaussian import nudged

GRID_DEG = 1e-9
"""To this, a tenth of a millimetre, borders are snapped where several polygons are united."""


class Area:
    """A union of polygons on WGS-84, borders straight in lon/lat.

    Shared borders and antimeridian cuts are no borders. Border points: see geo/borders.py.
    Building the index costs some microseconds an edge; keep the object.
    """

    def __init__(self, polygons: Iterable[Polygon | MultiPolygon]) -> None:
        """Unite ``polygons`` (valid, degrees).

        Raises:
            GeoError: ``polygon-empty``: nothing is there to hold a point.
        """
        self.shape = unite(list(polygons))

    @cached_property
    def borders(self) -> Borders:
        """The index of edges, built at first use."""
        return Borders([self.shape])

    def contains(self, lon: FloatsLike, lat: FloatsLike) -> Bools:
        """Whether each point lies in the area; a border point by the owner rule."""
        x, y = _columns(lon, lat)
        return self.borders.contains(_zeros(x), x, y)

    def probability(self, lon: FloatsLike, lat: FloatsLike, sigma_m: FloatsLike) -> Floats:
        """Probability in [0, 1] that the true place lies inside; sigma 0 is the point itself."""
        x, y, sigma = _columns(lon, lat, sigma_m)
        return self._share(*nudged(x, y, sigma), sigma)[0]

    def distance_m(self, lon: FloatsLike, lat: FloatsLike) -> Floats:
        """Geodesic metres to the nearest border, negative inside; +-inf where there is none."""
        x, y = _columns(lon, lat)
        return self._signed(x, y, self.borders.contains(_zeros(x), x, y))

    def check(self, lon: FloatsLike, lat: FloatsLike, sigma_m: FloatsLike) -> tuple[Floats, Floats]:
        """(probability inside, signed distance in metres) of each fix, both as above."""
        x, y, sigma = _columns(lon, lat, sigma_m)
        share, inside = self._share(*nudged(x, y, sigma), sigma)
        return share, self._signed(x, y, inside)

    def _share(self, lon: Floats, lat: Floats, sigma_m: Floats) -> tuple[Floats, Bools]:
        area = _zeros(lon)
        inside = self.borders.contains(area, lon, lat)
        return self.borders.probability(area, lon, lat, sigma_m, inside), inside

    def _signed(self, lon: Floats, lat: Floats, inside: Bools) -> Floats:
        away = self.borders.distance(_zeros(lon), lon, lat)
        return np.where(inside, -away, away)


def unite(polygons: list[Polygon | MultiPolygon]) -> MultiPolygon:
    """The union as one MultiPolygon; a lone polygon keeps its very coordinates.

    Raises:
        GeoError: ``polygon-empty``.
    """
    if len(polygons) > 1:
        # Snapping closes the slivers that rounding leaves where one side has a vertex more.
        # GEOS may divide by zero on its way and go on; numpy would report that as ours.
        with np.errstate(all="ignore"):
            union = shapely.union_all(polygons, grid_size=GRID_DEG)
    else:
        union = polygons[0] if polygons else MultiPolygon()
    parts = [p for p in shapely.get_parts(union) if p.geom_type == "Polygon" and not p.is_empty]
    if not parts:
        raise GeoError("the area is empty", field="geometry", type="polygon-empty")
    return MultiPolygon(parts)


def _columns(*columns: FloatsLike) -> tuple[Floats, ...]:
    return tuple(np.ascontiguousarray(c) for c in np.broadcast_arrays(*map(floats, columns)))


def _zeros(column: Floats) -> Ints:
    return np.zeros(len(column), dtype=np.int64)
