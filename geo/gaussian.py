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

Error, absolute: below 1e-7 for sigma up to 40 km, for edges up to the poles
(tests/geo/test_gaussian.py integrates by other means). A sigma of thousands of kilometres wraps
the Earth; the flat map then is what is meant.
"""

import numpy as np

from geo.arrays import Floats, Ints, spread
from geo.ellipsoid import DEGREE_M, Frames

REACH = 6.0
"""In sigmas: what lies further weighs exp(-18) = 1.5e-8."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_T = (_NODES + 1) / 2
_W = _WEIGHTS / 2
_NUDGE = (1.3e-7, 0.7e-7)
_MAX_PIECE_M = 200_000.0
_MAX_PIECE_DEG = 2.0


def lost_share(
    lon: Floats,
    lat: Floats,
    sigma_m: Floats,
    row: Ints,
    edges: tuple[Floats, Floats, Floats, Floats],
) -> Floats:
    """For each fix (1/2 pi) times the integral of exp(-r^2/2) dtheta over its edges.

    ``edges`` are (lon_a, lat_a, lon_b, lat_b) in degrees, each belonging to the fix ``row``; all
    edges within ``REACH`` sigma must be there, others may be. Modulo 1 where the fix lies on the
    border within rounding: ``settle`` puts that right.
    """
    row, start, stop = _clip(lon, lat, sigma_m, row, edges)
    row, ends = _pieces(lat, sigma_m, row, start, stop)
    frames = Frames(lon, lat)
    scale = 1 / sigma_m[row]
    ax, ay = _nudged(frames, row, ends[0], ends[1], scale)
    bx, by = _nudged(frames, row, ends[2], ends[3], scale)
    mx, my = _nudged(frames, row, (ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2, scale)
    angle = np.arctan2(ax * by - ay * bx, ax * bx + ay * by)
    smooth = _smooth_part(ax, ay, bx, by, mx, my)
    lost = np.zeros(len(lon))
    np.add.at(lost, row, (angle - smooth) / (2 * np.pi))
    return lost


def settle(inside: np.ndarray, lost: Floats) -> Floats:
    """Probability inside, given which fixes lie inside and what they lose at the border.

    On the border itself the angle may come out on the other side than the owner rule: a share
    outside [0, 1] tells it.
    """
    share = inside - lost
    share = np.where(share < -1e-4, share + 1, np.where(share > 1 + 1e-4, share - 1, share))
    return np.clip(share, 0.0, 1.0)


def _nudged(
    frames: Frames, row: Ints, lon: Floats, lat: Floats, scale: Floats
) -> tuple[Floats, Floats]:
    """Map coordinates in sigmas, a ten-millionth off, so that no vertex lies on the origin."""
    x, y = frames.xy(row, lon, lat)
    return x * scale + _NUDGE[0], y * scale + _NUDGE[1]


def _smooth_part(ax: Floats, ay: Floats, bx: Floats, by: Floats, mx: Floats, my: Floats) -> Floats:
    """Integral of E(r^2) (x dy - y dx) over the parabola from a to b through m at its middle."""
    dx, dy = bx - ax, by - ay
    qx, qy = 4 * (mx - (ax + bx) / 2), 4 * (my - (ay + by) / 2)
    total = np.zeros(len(ax))
    for t, weight in zip(_T, _W, strict=True):
        bend, slope = t * (1 - t), 1 - 2 * t
        x, y = ax + t * dx + bend * qx, ay + t * dy + bend * qy
        s = np.maximum(x * x + y * y, 1e-30)
        total += weight * (-np.expm1(-s / 2) / s) * (x * (dy + slope * qy) - y * (dx + slope * qx))
    return total


def _clip(
    lon: Floats,
    lat: Floats,
    sigma_m: Floats,
    row: Ints,
    edges: tuple[Floats, Floats, Floats, Floats],
) -> tuple[Ints, tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Cut each edge to what may lie within reach, by a box in degrees around its fix."""
    lon_a, lat_a, lon_b, lat_b = edges
    reach_lat = 1.02 * REACH * sigma_m / DEGREE_M
    cos = np.cos(np.radians(np.minimum(np.abs(lat) + reach_lat, 90.0)))
    reach_lon = np.where(cos > 0.01, reach_lat / np.maximum(cos, 0.01), 400.0)
    reach_lat, reach_lon = reach_lat[row], reach_lon[row]
    run, rise = lon_b - lon_a, lat_b - lat_a
    # The fix may be written on the other side of the antimeridian than the edge.
    middle = (lon_a + lon_b) / 2
    here = lon[row] + 360.0 * np.round((middle - lon[row]) / 360.0)
    first, last = np.zeros(len(row)), np.ones(len(row))
    for origin, extent, centre, reach in (
        (lon_a, run, here, reach_lon),
        (lat_a, rise, lat[row], reach_lat),
    ):
        flat = extent == 0
        step = np.where(flat, 1.0, extent)
        t0, t1 = (centre - reach - origin) / step, (centre + reach - origin) / step
        out = flat & (np.abs(origin - centre) > reach)
        first = np.maximum(first, np.where(flat, np.where(out, 2.0, 0.0), np.minimum(t0, t1)))
        last = np.minimum(last, np.where(flat, 1.0, np.maximum(t0, t1)))
    keep = first < last
    first, last, run, rise = first[keep], last[keep], run[keep], rise[keep]
    lon_a, lat_a, lon_b, lat_b = lon_a[keep], lat_a[keep], lon_b[keep], lat_b[keep]
    whole = last == 1
    start = (lon_a + first * run, lat_a + first * rise)
    stop = (
        np.where(whole, lon_b, lon_a + last * run),
        np.where(whole, lat_b, lat_a + last * rise),
    )
    return row[keep], start, stop


def _pieces(
    lat: Floats,
    sigma_m: Floats,
    row: Ints,
    start: tuple[Floats, Floats],
    stop: tuple[Floats, Floats],
) -> tuple[Ints, tuple[Floats, Floats, Floats, Floats]]:
    """Cut edges into equal pieces of at most a sigma, 200 km and 2 degrees."""
    run, rise = stop[0] - start[0], stop[1] - start[1]
    cos = np.cos(np.radians(np.minimum(np.abs(start[1]), np.abs(stop[1]))))
    length = 1.01 * DEGREE_M * np.hypot(run * cos, rise)
    count = np.ceil(length / np.minimum(sigma_m[row], _MAX_PIECE_M))
    count = np.maximum(count, np.ceil(np.maximum(np.abs(run), np.abs(rise)) / _MAX_PIECE_DEG))
    count = np.maximum(count, 1.0)
    edge, step = spread(np.zeros(len(row), dtype=np.int64), count.astype(np.int64))
    t0, t1 = step / count[edge], (step + 1) / count[edge]
    lon0, lat0 = start[0][edge], start[1][edge]
    dlon, dlat = run[edge], rise[edge]
    ends = (lon0 + t0 * dlon, lat0 + t0 * dlat, lon0 + t1 * dlon, lat0 + t1 * dlat)
    return row[edge], ends
