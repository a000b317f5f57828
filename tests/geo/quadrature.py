"""An integral by other means than the code's: another formula on another program's projection.

P = integral over the border of Phi(x) phi(y) dy (Green), on PROJ's own azimuthal equidistant map,
over chords so short that their bend does not count.
"""

import math
from itertools import pairwise

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import MultiPolygon, Polygon

_erf = np.vectorize(math.erf, otypes=[float])


def probability(shape: Polygon | MultiPolygon, lon: float, lat: float, sigma_m: float) -> float:
    """Probability inside ``shape`` (degrees) of a Gaussian around the fix."""
    plane = Transformer.from_crs(
        4326, f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84 +units=m", always_xy=True
    )
    total = 0.0
    for polygon in shapely.get_parts(shapely.orient_polygons(shape)):
        for ring in shapely.get_rings(polygon):
            total += _ring(shapely.get_coordinates(ring), plane, sigma_m)
    return total


def _ring(points: np.ndarray, plane: Transformer, sigma_m: float) -> float:
    total = 0.0
    for a, b in pairwise(points):
        # Three hundred chords to a sigma, and two thousand to an edge for its bend.
        sigmas = float(np.hypot(*(b - a))) * 112_000 / sigma_m
        t = np.linspace(0, 1, int(np.clip(300 * sigmas, 2000, 40_000)) + 1)
        x, y = plane.transform(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
        x, y = np.array(x) / sigma_m, np.array(y) / sigma_m
        middle = _normal((x[:-1] + x[1:]) / 2)
        total += float(middle @ np.diff(_normal(y)))
    return total


def _normal(x: np.ndarray) -> np.ndarray:
    share: np.ndarray = (x > 0).astype(float)
    middle = np.abs(x) < 8
    share[middle] = 0.5 * (1 + _erf(x[middle] / math.sqrt(2)))
    return share
