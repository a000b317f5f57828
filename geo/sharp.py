"""The share of a sharp fix's Gaussian beyond a border: whole edges, in few steps.

The formula is that of geo/gaussian.py. Near enough to a fix the flat map to the second order is
exact: with u, v the steps in longitude and latitude,

    x = N cos(phi) u - M sin(phi) u v,    y = M v + N sin(phi) cos(phi) u^2 / 2 + M' v^2 / 2,

so that an edge straight in lon/lat is a parabola x(t), y(t), and x dy - y dx a quadratic in t.
What is left out is sigma (sigma/R)^2. An edge that is cut to the reach is at most 18 sigma long;
the Gauss-Legendre rule is chosen by its length, and its error is below 1e-9.
"""

from dataclasses import dataclass

import numpy as np

from geo.arrays import Floats, Ints, summed
from geo.ellipsoid import E2, RADIANS, SEMI_MAJOR_M

CLOSE_M = 1000.0
"""Up to this sigma, shrunk as the parallels do, the map's second order is enough."""
NUDGE = (1.3e-7, 0.7e-7)
"""In sigmas: keeps fixes off the ends of edges, where an angle is undefined."""
_FEW_EDGES = 24
"""So many are integrated as if all were long, which costs less than telling them apart."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Gauss-Legendre on [0, 1], with both ends at weight 0.

    ``powers`` (n, 3) are 1, t, t^2 of each node, ``slopes`` their derivatives.
    """

    powers: Floats
    slopes: Floats
    weights: Floats

    @classmethod
    def of(cls, nodes: int) -> "_Rule":
        at, weights = np.polynomial.legendre.leggauss(nodes)
        t = np.concatenate([[0.0], (at + 1) / 2, [1.0]])
        one = np.ones_like(t)
        powers, slopes = np.stack([one, t, t * t], axis=1), np.stack([one * 0, one, 2 * t], axis=1)
        return cls(powers, slopes, np.pad(weights / 2, 1))


_SHORT = 4.0
"""Longest step of the shorter rule's edges in sigmas on an axis; the other's is 18."""
_SHORT_RULE, _LONG_RULE = _Rule.of(12), _Rule.of(28)


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
    if len(row) > _FEW_EDGES:
        far = np.abs(curve[1]).max(axis=0) > _SHORT
        swept = np.empty(len(row))
        for which, rule in ((far.nonzero()[0], _LONG_RULE), ((~far).nonzero()[0], _SHORT_RULE)):
            swept[which] = _swept(curve.take(which, axis=2), rule)
    else:
        swept = _swept(curve, _LONG_RULE)
    return summed(row, onward * swept, len(lat)) * (0.5 / np.pi)


def _parabolas(
    lat: Floats, sigma_m: Floats, line: tuple[Floats, Floats, Floats, Floats]
) -> Floats:
    """(3, 2, n): the factors of 1, t, t^2 (first axis) in x and in y, in sigmas."""
    u, v, run, rise = line
    phi = lat * RADIANS
    sin, cos = np.sin(phi), np.cos(phi)
    root = 1 - E2 * sin * sin
    normal = (RADIANS * SEMI_MAJOR_M) / (np.sqrt(root) * sigma_m)
    meridian = normal * (1 - E2) / root
    flat = normal * cos
    skew = meridian * sin * -RADIANS
    bow = flat * sin * (RADIANS / 2)
    stretch = meridian * sin * cos / root * (1.5 * E2 * RADIANS)
    curve = np.empty((3, 2, len(lat)))
    wide, high, bent = flat + skew * v, stretch * v, bow * u
    curve[0, 0] = u * wide + NUDGE[0]
    curve[1, 0] = run * wide + skew * u * rise
    curve[2, 0] = skew * run * rise
    curve[0, 1] = v * (meridian + high) + bent * u + NUDGE[1]
    curve[1, 1] = rise * (meridian + 2 * high) + 2 * bent * run
    curve[2, 1] = stretch * rise * rise + bow * run * run
    return curve


def _swept(curve: Floats, rule: _Rule) -> Floats:
    """Integral of exp(-r^2/2) dtheta along each parabola."""
    flat = curve.reshape(3, -1)
    count = curve.shape[2]
    place, step = rule.powers @ flat, rule.slopes @ flat
    x, y, dx, dy = place[:, :count], place[:, count:], step[:, :count], step[:, count:]
    half = np.maximum(x * x + y * y, 1e-30) * -0.5
    smooth = rule.weights @ (np.expm1(half) / half * (x * dy - y * dx))
    # Between neighbouring nodes a border never winds around the fix, as it may from end to end.
    ax, ay, bx, by = x[:-1], y[:-1], x[1:], y[1:]
    angle = np.arctan2(ax * by - ay * bx, ax * bx + ay * by)
    swept: Floats = angle.sum(axis=0) - 0.5 * smooth
    return swept
