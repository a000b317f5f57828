"""The WGS-84 ellipsoid: Earth-centred coordinates, and a flat map around a point.

The flat map is azimuthal equidistant: a straight line from the origin is a geodesic in true
length and direction. It is had from the exact Earth-centred difference, turned into east and
north, with the chord c lengthened to the arc s = 2 R asin(c / 2R), R being Euler's radius of
curvature in that direction. Against the exact geodesic s is right to about
e² (s/R)² / 24: 1e-9 at 10 km, 1e-7 at 100 km, 1e-5 at 1,000 km (tests/geo/test_ellipsoid.py).
"""

import numpy as np

from geo.arrays import Floats, Ints

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
E2 = FLATTENING * (2 - FLATTENING)
MOST_CURVE_M = SEMI_MAJOR_M / (1 - FLATTENING)
"""The greatest radius of curvature anywhere, at the poles (metres)."""
RADIANS = np.pi / 180
DEGREE_M = 110574.0
"""Less than a degree of latitude anywhere but at the equator, where it is just that (metres)."""


def ecef(lon: Floats, lat: Floats) -> tuple[Floats, Floats, Floats]:
    """Earth-centred, Earth-fixed x, y, z in metres of points on the ellipsoid (degrees)."""
    lam, phi = lon * RADIANS, lat * RADIANS
    sin_phi = np.sin(phi)
    normal = SEMI_MAJOR_M / np.sqrt(1 - E2 * sin_phi * sin_phi)
    flat = normal * np.cos(phi)
    return flat * np.cos(lam), flat * np.sin(lam), normal * (1 - E2) * sin_phi


class Frames:
    """Flat maps around many origins at once: row i maps points near origin i."""

    def __init__(self, lon: Floats, lat: Floats) -> None:
        lam, phi = lon * RADIANS, lat * RADIANS
        self.sin_lam, self.cos_lam = np.sin(lam), np.cos(lam)
        self.sin_phi, self.cos_phi = np.sin(phi), np.cos(phi)
        root = 1 - E2 * self.sin_phi**2
        normal = SEMI_MAJOR_M / np.sqrt(root)
        self.x = normal * self.cos_phi * self.cos_lam
        self.y = normal * self.cos_phi * self.sin_lam
        self.z = normal * (1 - E2) * self.sin_phi
        self.curve_east = 1 / normal
        self.curve_north = root / (normal * (1 - E2))

    def xy(self, row: Ints, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """East and north in metres of each point (..., n) on the map of its ``row`` (n)."""
        px, py, pz = ecef(lon, lat)
        dx, dy, dz = px - self.x.take(row), py - self.y.take(row), pz - self.z.take(row)
        sin_lam, cos_lam = self.sin_lam.take(row), self.cos_lam.take(row)
        east = cos_lam * dy - sin_lam * dx
        north = self.cos_phi.take(row) * dz - self.sin_phi.take(row) * (cos_lam * dx + sin_lam * dy)
        east2, north2 = east * east, north * north
        flat2 = np.maximum(east2 + north2, 1e-30)
        chord = np.sqrt(dx * dx + dy * dy + dz * dz)
        curve = (self.curve_east.take(row) * east2 + self.curve_north.take(row) * north2) / flat2
        curve = np.maximum(curve, 1e-9)
        half = np.minimum(0.5 * chord * curve, 1.0)
        stretch = np.arcsin(half) * 2 / (curve * np.sqrt(flat2))
        # At the origin itself there is no direction to stretch.
        stretch = np.where(flat2 > 1e-20, stretch, 1.0)
        return east * stretch, north * stretch
