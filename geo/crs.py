"""Chinese coordinate systems: WGS-84, GCJ-02 and BD-09, converted both ways.

GCJ-02 shifts WGS-84 by 50 to 700 m by a published-by-use formula (series in lon - 105, lat - 35
over the Krasovsky ellipsoid); BD-09 turns and stretches GCJ-02 a little further. Both inverses
are solved by fixed-point iteration down to 1e-13 degrees, so that a round trip is right to far
below a millimetre. Outside the box below the three systems are equal (INTERFACES.md, 'geo').

The shift starts abruptly at the box, so at its edge the systems cannot fit: every place in the
box comes back from a round trip, even where its image lies up to 1.5 km east or north of the box;
a GCJ-02 or BD-09 point that is no place's image is solved by the same formula within the box
and left alone outside it.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from geo.arrays import Bools, Floats, FloatsLike, floats
from geo.errors import GeoError

Crs = Literal["wgs84", "gcj02", "bd09"]
FixCrs = Literal["wgs84", "gcj02", "bd09", "unknown"]
BOX = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north in degrees: where the shift applies."""

_A = 6378245.0
_EE = 0.00669342162296594323
_BD = np.pi * 3000.0 / 180.0
_Points = tuple[Floats, Floats]


def readings(crs: str) -> tuple[Crs, ...]:
    """The systems in which a fix declared so is to be judged: two for ``unknown``, else one.

    Raises:
        GeoError: ``crs-unknown``: the name is none of ours.
    """
    if crs == "unknown":
        return ("wgs84", "gcj02")
    for known in get_args(Crs):
        if crs == known:
            return (known,)
    raise GeoError(f"{crs!r} is no coordinate system known here", field="crs", type="crs-unknown")


def convert(lon: FloatsLike, lat: FloatsLike, *, source: Crs, target: Crs) -> _Points:
    """Coordinates in degrees of ``source`` as coordinates of ``target``; arrays in, arrays out."""
    points = floats(lon), floats(lat)
    if source == target:
        return points[0].copy(), points[1].copy()
    return _FROM_WGS84[target](*_TO_WGS84[source](*points))


def _in_box(lon: Floats, lat: Floats) -> Bools:
    west, south, east, north = BOX
    inside: Bools = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _gcj_shift(lon: Floats, lat: Floats) -> _Points:
    """The shift in degrees from WGS-84 to GCJ-02, by the formula alone."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    short = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    north += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    east += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    phi = np.radians(lat)
    magic = 1 - _EE * np.sin(phi) ** 2
    meridian = _A * (1 - _EE) / (magic * np.sqrt(magic))
    parallel = _A / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _gcj_formula(lon: Floats, lat: Floats) -> _Points:
    east, north = _gcj_shift(lon, lat)
    return lon + east, lat + north


def _bd_formula(lon: Floats, lat: Floats) -> _Points:
    """BD-09 from GCJ-02."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd_from_wgs_formula(lon: Floats, lat: Floats) -> _Points:
    return _bd_formula(*_gcj_formula(lon, lat))


def _forward(formula: Callable[[Floats, Floats], _Points], lon: Floats, lat: Floats) -> _Points:
    inside = _in_box(lon, lat)
    to_lon, to_lat = lon.copy(), lat.copy()
    to_lon[inside], to_lat[inside] = formula(lon[inside], lat[inside])
    return to_lon, to_lat


def _inverse(formula: Callable[[Floats, Floats], _Points], lon: Floats, lat: Floats) -> _Points:
    """Solve ``formula(place) == (lon, lat)``; the shift's slope is below 0.01, so it converges."""
    west, south, east, north = BOX
    near = (lon > west - 0.1) & (lon < east + 0.1) & (lat > south - 0.1) & (lat < north + 0.1)
    goal_lon, goal_lat = lon[near], lat[near]
    at_lon, at_lat = goal_lon.copy(), goal_lat.copy()
    for _ in range(12):
        image_lon, image_lat = formula(at_lon, at_lat)
        step_lon, step_lat = goal_lon - image_lon, goal_lat - image_lat
        at_lon, at_lat = at_lon + step_lon, at_lat + step_lat
        if not step_lon.size or max(np.abs(step_lon).max(), np.abs(step_lat).max()) < 1e-13:
            break
    # A place on the box's edge must come back as itself though the iteration ends a hair beyond.
    edge_lon, edge_lat = np.clip(at_lon, west, east), np.clip(at_lat, south, north)
    hair = (np.abs(edge_lon - at_lon) < 1e-9) & (np.abs(edge_lat - at_lat) < 1e-9)
    shifted = _in_box(goal_lon, goal_lat) | hair
    at_lon, at_lat = np.where(hair, edge_lon, at_lon), np.where(hair, edge_lat, at_lat)
    to_lon, to_lat = lon.copy(), lat.copy()
    to_lon[near] = np.where(shifted, at_lon, goal_lon)
    to_lat[near] = np.where(shifted, at_lat, goal_lat)
    return to_lon, to_lat


_FROM_WGS84: dict[str, Callable[[Floats, Floats], _Points]] = {
    "wgs84": lambda lon, lat: (lon.copy(), lat.copy()),
    "gcj02": lambda lon, lat: _forward(_gcj_formula, lon, lat),
    "bd09": lambda lon, lat: _forward(_bd_from_wgs_formula, lon, lat),
}
_TO_WGS84: dict[str, Callable[[Floats, Floats], _Points]] = {
    "wgs84": lambda lon, lat: (lon.copy(), lat.copy()),
    "gcj02": lambda lon, lat: _inverse(_gcj_formula, lon, lat),
    "bd09": lambda lon, lat: _inverse(_bd_from_wgs_formula, lon, lat),
}
