"""The share of an isotropic Gaussian that lies beyond a border, as a sum over the border's edges.

For a Gaussian of sigma 1 around the origin and an area A with its interior on the left,

    P(A) = (1/2 pi) * integral over dA of (1 - exp(-r^2/2)) dtheta            (Green)
         = [origin in A] - (1/2 pi) * integral over dA of exp(-r^2/2) dtheta,

and exp(-r^2/2) dtheta = dtheta - E(r^2) (x dy - y dx) with the entire function
E(s) = (1 - exp(-s/2)) / s. So dtheta is summed exactly as angles between points, the rest has no
singularity and Gauss-Legendre takes it, and edges beyond ``REACH`` sigma can be left out.
Edges are straight in lon/lat, hence curved on the ground: each is cut into pieces of at most one
sigma and each piece is the parabola through its ends and its middle on the flat map around the
fix (geo/ellipsoid.py).

Error, absolute: below 2e-7 for sigma up to 40 km, for edges up to the poles
(tests/geo/test_gaussian.py integrates by other means). A sigma of thousands of kilometres wraps
the Earth; the flat map then is what is meant.
"""

import numpy as np

from geo.arrays import Bools, Floats, Ints, spread, summed
from geo.ellipsoid import DEGREE_M, RADIANS, Frames
from geo.sharp import CLOSE_M, lost_sharp

REACH = 6.0
"""In sigmas: what lies further weighs exp(-18) = 1.5e-8."""

_NUDGE = 1.3e-7
"""In sigmas: see ``nudged``."""
_LEAST_NUDGE_DEG = 2e-13
"""What a longitude of 180 can tell apart, and some."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_T = (_NODES[:, None] + 1) / 2
_W = _WEIGHTS[:, None] / 2
_BEND, _SLOPE = _T * (1 - _T), 1 - 2 * _T
_HALVES = np.array([[0.0], [0.5], [1.0]])
_MAX_PIECE_M = 200_000.0
_MAX_PIECE_DEG = 2.0
_Line = tuple[Floats, Floats, Floats, Floats]


def lost_share(
    lon: Floats,
    lat: Floats,
    sigma_m: Floats,
    row: Ints,
    edges: tuple[Floats, Floats, Floats, Floats],
    onward: Floats,
    *,
    wraps: bool = True,
) -> Floats:
    """For each fix (1/2 pi) times the integral of exp(-r^2/2) dtheta over its edges.

    ``edges`` are (lon_a, lat_a, lon_b, lat_b) in degrees, each belonging to the fix ``row``, and
    ``onward`` 1 where the border runs from a to b, -1 where from b to a. All edges within
    ``REACH`` sigma must be there, others may be. Modulo 1 where the fix lies on the
    border within rounding: ``settle`` puts that right. ``wraps``: an edge may be written on the
    other side of the antimeridian than its fix.
    """
    kept, line = _clip(lon, lat, sigma_m, row, edges, wraps)
    if not len(kept):
        return np.zeros(len(lon))
    row, onward = row.take(kept), onward.take(kept)
    # Fix by fix, not for the batch: what else is in it must not change an answer.
    vague = sigma_m > CLOSE_M * np.cos(lat * RADIANS)
    if not np.count_nonzero(vague):
        return lost_sharp(lat, sigma_m, row, line, onward)
    lost = np.zeros(len(lon))
    mine = vague.take(row)
    for which in (mine.nonzero()[0], (~mine).nonzero()[0]):
        if len(which):
            cut = line[0][which], line[1][which], line[2][which], line[3][which]
            these = row[which], cut, onward[which]
            if mine[which[0]]:
                lost += _lost_vague(lon, lat, sigma_m, *these)
            else:
                lost += lost_sharp(lat, sigma_m, *these)
    return lost


def _lost_vague(
    lon: Floats, lat: Floats, sigma_m: Floats, row: Ints, line: _Line, onward: Floats
) -> Floats:
    """``lost_share`` of edges that are cut already, on the map as it is."""
    piece, east, north = _pieces(lat.take(row), sigma_m.take(row), line)
    row = row.take(piece)
    x, y = Frames(lon, lat).xy(row, lon.take(row) + east, lat.take(row) + north)
    scale = 1 / sigma_m.take(row)
    (ax, mx, bx), (ay, my, by) = x * scale, y * scale
    angle = np.arctan2(ax * by - ay * bx, ax * bx + ay * by)
    smooth = _smooth_part(ax, ay, bx, by, mx, my)
    return summed(row, onward.take(piece) * (angle - smooth), len(lon)) * (0.5 / np.pi)


def nudged(lon: Floats, lat: Floats, sigma_m: Floats) -> tuple[Floats, Floats]:
    """The fixes a ten-millionth of their sigma further south-west, where no border runs through
    them: whether they lie inside and what they lose must be told of one and the same place. A
    fix without a sigma stays.
    """
    step = np.maximum(sigma_m * (_NUDGE / DEGREE_M), _LEAST_NUDGE_DEG * (sigma_m > 0))
    x, y = lon - step, np.maximum(lat - 0.6 * step, -90.0)
    return np.where(x < -180.0, x + 360.0, x), y


def settle(inside: Bools, lost: Floats) -> Floats:
    """Probability inside, given which fixes lie inside and what they lose at the border.

    On the border itself the angle may come out on the other side than the owner rule: a share
    outside [0, 1] tells it. Rounded to a billionth, so that sums taken in another order agree.
    """
    share = inside - lost
    share += (share < -1e-4).astype(np.float64) - (share > 1 + 1e-4)
    settled: Floats = np.rint(np.minimum(np.maximum(share, 0.0), 1.0) * 1e9) / 1e9
    return settled


def _smooth_part(ax: Floats, ay: Floats, bx: Floats, by: Floats, mx: Floats, my: Floats) -> Floats:
    """Integral of E(r^2) (x dy - y dx) over the parabola from a to b through m at its middle."""
    dx, dy = bx - ax, by - ay
    qx, qy = 4 * mx - 2 * (ax + bx), 4 * my - 2 * (ay + by)
    x, y = ax + _T * dx + _BEND * qx, ay + _T * dy + _BEND * qy
    s = np.maximum(x * x + y * y, 1e-30)
    swept = x * (dy + _SLOPE * qy) - y * (dx + _SLOPE * qx)
    total: Floats = (_W * (np.expm1(-0.5 * s) / -s * swept)).sum(axis=0)
    return total


def degrees_around(lat: Floats, sigma_m: Floats) -> tuple[Floats, Floats]:
    """How far in longitude and latitude a fix at most reaches (degrees)."""
    reach_lat = sigma_m * (1.02 * REACH / DEGREE_M)
    cos = np.cos(np.minimum(np.abs(lat) + reach_lat, 90.0) * RADIANS)
    return np.where(cos > 0.01, reach_lat / np.maximum(cos, 0.01), 400.0), reach_lat


def _clip(
    lon: Floats,
    lat: Floats,
    sigma_m: Floats,
    row: Ints,
    edges: tuple[Floats, Floats, Floats, Floats],
    wraps: bool,
) -> tuple[Ints, tuple[Floats, Floats, Floats, Floats]]:
    """Cut each edge to what may lie within reach, by a box in degrees around its fix.

    Returns which edges are left and (east, north, run, rise) in degrees from the fix: where the
    rest begins, and how far it goes.
    """
    reach_lon, reach_lat = degrees_around(lat, sigma_m)
    lon_a, lat_a, lon_b, lat_b = edges
    away, extent = np.empty((2, len(row))), np.empty((2, len(row)))
    extent[0], extent[1] = lon_b - lon_a, lat_b - lat_a
    away[0], away[1] = lon_a - lon.take(row), lat_a - lat.take(row)
    # The fix may be written on the other side of the antimeridian than the edge.
    if wraps:
        away[0] -= 360.0 * np.rint((away[0] + 0.5 * extent[0]) * (1 / 360))
    # Where along the edge it is level with the fix, and how far around that within the reach.
    step = extent + 1e-300
    around = np.empty((2, len(row)))
    around[0], around[1] = reach_lon.take(row), reach_lat.take(row)
    level = away / step
    around /= np.abs(step)
    first, last = -around - level, around - level
    first = np.maximum(np.maximum(first[0], first[1]), 0.0)
    last = np.minimum(np.minimum(last[0], last[1]), 1.0)
    keep = (first < last).nonzero()[0]
    first, last = first.take(keep), last.take(keep)
    extent, away = extent.take(keep, axis=1), away.take(keep, axis=1)
    away += first * extent
    extent *= last - first
    return keep, (away[0], away[1], extent[0], extent[1])


def _pieces(
    lat: Floats, sigma_m: Floats, line: tuple[Floats, Floats, Floats, Floats]
) -> tuple[Ints, Floats, Floats]:
    """Cut lines (east, north, run, rise) into equal pieces of at most a sigma, 200 km, 2 degrees.

    ``lat`` and ``sigma_m`` are those of each line's fix. Returns (line, east, north): of each
    piece its line, and (3, n) its first, middle, last point.
    """
    east, north, run, rise = line
    begin = lat + north
    cos = np.cos(np.minimum(np.abs(begin), np.abs(begin + rise)) * RADIANS)
    length = np.hypot(run * cos, rise) * (1.01 * DEGREE_M)
    count = length / np.minimum(sigma_m, _MAX_PIECE_M)
    count = np.maximum(count, np.maximum(np.abs(run), np.abs(rise)) / _MAX_PIECE_DEG)
    count = np.maximum(np.ceil(count), 1.0)
    edge, step = spread(np.zeros(len(lat), dtype=np.int64), count.astype(np.int64))
    t = (step + _HALVES) / count.take(edge)
    return edge, east.take(edge) + t * run.take(edge), north.take(edge) + t * rise.take(edge)
