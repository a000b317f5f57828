"""Repair of polygons that cross themselves, and how much that changes their area."""

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from geo.arrays import Floats
from geo.errors import GeoError

_RADIUS_KM = 6371.0072
"""Of the sphere with the ellipsoid's area."""


def ground_km2(shape: MultiPolygon) -> float:
    """Area in km² on the sphere of equal area (right to about half a per cent)."""
    return float(shapely.area(_equal_area(shape)))


def repaired(shape: MultiPolygon, field: str, max_change: float) -> tuple[MultiPolygon, float]:
    """The shape, made valid where it is not, and the share by which its area changed.

    Raises:
        GeoError: ``polygon-empty``: nothing with an area is left; ``polygon-self-crossing``: the
            area changes by more than ``max_change``, so what was meant cannot be told.
    """
    if shapely.is_valid(shape):
        fixed, change = shape, 0.0
    else:
        made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        fixed = MultiPolygon([p for p in shapely.get_parts(made) if p.geom_type == "Polygon"])
        before, after = _enclosed_km2(shape), ground_km2(fixed)
        change = abs(after - before) / max(before, after, 1e-12)
    if ground_km2(fixed) <= 0:
        raise GeoError("the polygon has no area", field=field, type="polygon-empty")
    if change > max_change:
        raise GeoError(
            f"the polygon crosses itself: {shapely.is_valid_reason(shape)}; "
            f"repair would change its area by {change:.1%}",
            field=field,
            type="polygon-self-crossing",
        )
    return fixed, change


def _enclosed_km2(shape: MultiPolygon) -> float:
    """What the rings enclose by the surveyor's formula: loops the wrong way round count less."""
    total = 0.0
    for polygon in _equal_area(shape).geoms:
        shell, *holes = shapely.get_rings(polygon)
        total += _shoelace(shell) - sum(_shoelace(hole) for hole in holes)
    return total


def _shoelace(ring: object) -> float:
    x, y = shapely.get_coordinates(ring).T
    x, y = x - x[0], y - y[0]
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1])) / 2


def _equal_area(shape: MultiPolygon) -> MultiPolygon:
    """Lambert's cylinder: longitude and the sine of latitude, in kilometres."""

    def lambert(points: Floats) -> Floats:
        radians = np.radians(points)
        return _RADIUS_KM * np.column_stack([radians[:, 0], np.sin(radians[:, 1])])

    projected: MultiPolygon = shapely.transform(shape, lambert)
    return projected
