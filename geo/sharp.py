"""The share of a sharp fix's Gaussian beyond a border: whole edges, in few steps.

The formula is that of geo/gaussian.py. Near enough to a fix the flat map to the second order is
exact: with u, v the steps in longitude and latitude,

    x = N cos(phi) u - M sin(phi) u v,    y = M v + N sin(phi) cos(phi) u^2 / 2 + M' v^2 / 2,

so that an edge straight in lon/lat is a parabola x(t), y(t), and x dy - y dx a quadratic in t.
What is left out is sigma (sigma/R)^2. An edge that is cut to the reach is at most 18 sigma long;
the Gauss-Legendre rule is chosen by its length, and its error is below 1e-9.
"""

import numpy as np

from geo.arrays import Floats, Ints, summed
from geo.ellipsoid import DEGREE_M, E2, RADIANS, SEMI_MAJOR_M

CLOSE_M = 1000.0
"""Up to this sigma, shrunk as the parallels do, the map's second order is enough."""
NUDGE = (1.3e-7, 0.7e-7)
"""In sigmas: keeps fixes off the ends of edges, where an angle is undefined."""
_FEW_EDGES = 24
_HALF_RADIANS = RADIANS / 2


def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Powers 0, 1, 2 of the rule's nodes and both ends in [0, 1], (n + 2, 3); their weights."""
    at, weights = np.polynomial.legendre.leggauss(nodes)
    t = np.concatenate([[0.0], (at + 1) / 2, [1.0]])
    return np.stack([np.ones(nodes + 2), t, t * t], axis=1), np.pad(weights / 2, 1)


_SHORT, _LONG = 4.0, 18.0
"""Longest edges in sigmas of the two rules."""
_SHORT_RULE, _LONG_RULE = _rule(10), _rule(34)


def lost_sharp(
    lat: Floats,
    sigma_m: Floats,
    row: Ints,
    line: tuple[Floats, Floats, Floats, Floats],
    onward: Floats,
) -> Floats:
    """``lost_share`` of edges that are cut already, for fixes up to ``CLOSE_M``.

    ``line`` is (east, north, run, rise) in degrees from the fix ``row`` of each edge.
    """
    curve = _parabolas(lat.take(row), sigma_m.take(row), line)
    length = np.abs(curve[1]).max(axis=0)
    if len(row) > _FEW_EDGES:
        far = length > _SHORT
        swept = np.empty(len(row))
        for which, rule in ((far.nonzero()[0], _LONG_RULE), ((~far).nonzero()[0], _SHORT_RULE)):
            swept[which] = _swept(curve.take(which, axis=2), rule)
    else:
        swept = _swept(curve, _LONG_RULE if length.max() > _SHORT else _SHORT_RULE)
    return summed(row, onward * swept, len(lat)) * (0.5 / np.pi)


def _parabolas(
    lat: Floats, sigma_m: Floats, line: tuple[Floats, Floats, Floats, Floats]
) -> Floats:
    """(3, 3, n): of x, y and x dy/dt - y dx/dt the factors of 1, t, t^2, in sigmas.

    The first axis is the power; the second the quantity.
    """
    u, v, run, rise = line
    phi = lat * RADIANS
    sin, cos = np.sin(phi), np.cos(phi)
    root = 1 - E2 * sin * sin
    normal = (RADIANS * SEMI_MAJOR_M) / (np.sqrt(root) * sigma_m)
    meridian = normal * (1 - E2) / root
    flat = normal * cos
    skew = meridian * sin * (-2 * _HALF_RADIANS)
    bow = flat * sin * _HALF_RADIANS
    stretch = meridian * sin * cos / root * (3 * E2 * _HALF_RADIANS)
    curve = np.empty((3, 3, len(lat)))
    curve[0, 0] = u * (flat + skew * v) + NUDGE[0]
    curve[1, 0] = run * (flat + skew * v) + skew * u * rise
    curve[2, 0] = skew * run * rise
    curve[0, 1] = v * (meridian + stretch * v) + bow * u * u + NUDGE[1]
    curve[1, 1] = rise * (meridian + 2 * stretch * v) + 2 * bow * u * run
    curve[2, 1] = stretch * rise * rise + bow * run * run
    for power, (one, other, times) in enumerate(((0, 1, 1.0), (0, 2, 2.0), (1, 2, 1.0))):
        (x0, y0), (x1, y1) = curve[one, :2], curve[other, :2]
        curve[power, 2] = times * (x0 * y1 - y0 * x1)
    return curve


def _swept(curve: Floats, rule: tuple[Floats, Floats]) -> Floats:
    """Integral of exp(-r^2/2) dtheta along each parabola."""
    powers, weights = rule
    x, y, area = (powers @ curve.reshape(3, -1)).reshape(len(powers), 3, -1).swapaxes(0, 1)
    half = np.maximum(x * x + y * y, 1e-30) * -0.5
    # Between neighbouring nodes a border never winds around the fix, as it may from end to end.
    ax, ay, bx, by = x[:-1], y[:-1], x[1:], y[1:]
    angle = np.arctan2(ax * by - ay * bx, ax * bx + ay * by)
    swept: Floats = angle.sum(axis=0) - 0.5 * (weights @ (np.expm1(half) / half * area))
    return swept
