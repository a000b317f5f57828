"""The share of a sharp fix's Gaussian beyond a border: whole edges, in few steps.

The formula is that of geo/gaussian.py. Near enough to a fix the flat map to the second order is
exact: with u, v the steps in longitude and latitude,

    x = N cos(phi) u - M sin(phi) u v,    y = M v + N sin(phi) cos(phi) u^2 / 2 + M' v^2 / 2,

so that an edge straight in lon/lat is a parabola. What is left out is sigma (sigma/R)^2. An edge
that is cut to the reach is at most 18 sigma long; the Gauss-Legendre rule is chosen by its length
and exact to 1e-11, so that the choice can't be seen in an answer.

All is elementwise and in blocks that fit a processor's cache; matrix products would be handed to
threads that cost more than they give.
"""

from dataclasses import dataclass

import numpy as np

from geo.arrays import Floats, Ints, summed
from geo.ellipsoid import E2, RADIANS, SEMI_MAJOR_M

CLOSE_M = 1000.0
"""Up to this sigma, shrunk as the parallels do, the map's second order is enough."""
_FEW_EDGES = 100
"""Fewer of a length go with the longer ones, which costs less than a call of their own."""
_BLOCK = 2048
Curve = Floats
"""(6, n): of each parabola the factors of 1, t, t^2 in x, then those in y, in sigmas."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """Gauss-Legendre on [0, 1]: nodes and weights as columns."""

    nodes: Floats
    weights: Floats

    @classmethod
    def of(cls, nodes: int) -> "_Rule":
        at, weights = np.polynomial.legendre.leggauss(nodes)
        return cls((at[:, None] + 1) / 2, weights[:, None] / 2)


_FINE = np.linspace(0.0, 1.0, 65)[:, None]
_RULES = (_Rule.of(5), _Rule.of(9), _Rule.of(17), _Rule.of(38))
_STEPS = (0.5, 1.2, 4.0)
"""The longest step on an axis, in sigmas, of an edge for each rule but the last."""


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
    curve = _parabolas(lat, sigma_m, row, line)
    swept = _turn(curve) - 0.5 * _smooth_by_length(curve)
    return summed(row, onward * swept, len(lat)) * (0.5 / np.pi)


def _parabolas(
    lat: Floats, sigma_m: Floats, row: Ints, line: tuple[Floats, Floats, Floats, Floats]
) -> Curve:
    u, v, run, rise = line
    phi = lat * RADIANS
    sin, cos = np.sin(phi), np.cos(phi)
    root = 1 - E2 * sin * sin
    normal = (RADIANS * SEMI_MAJOR_M) / (np.sqrt(root) * np.maximum(sigma_m, 1e-9))
    meridian = normal * (1 - E2) / root
    flat = normal * cos
    skew = (meridian * sin * -RADIANS).take(row)
    bow = (flat * sin * (RADIANS / 2)).take(row)
    stretch = (meridian * sin * cos / root * (1.5 * E2 * RADIANS)).take(row)
    meridian, flat = meridian.take(row), flat.take(row)
    curve = np.empty((6, len(row)))
    wide, high, bent = flat + skew * v, stretch * v, bow * u
    curve[0] = u * wide
    curve[1] = run * wide + skew * u * rise
    curve[2] = skew * run * rise
    curve[3] = v * (meridian + high) + bent * u
    curve[4] = rise * (meridian + 2 * high) + 2 * bent * run
    curve[5] = stretch * rise * rise + bow * run * run
    return curve


def _smooth_by_length(curve: Curve) -> Floats:
    """``_smooth`` with the cheapest rule that does for each parabola."""
    if curve.shape[1] <= _FEW_EDGES:
        return _smooth(curve, _RULES[-1])
    step = np.maximum(np.abs(curve[1]), np.abs(curve[4]))
    kind = np.searchsorted(_STEPS, step)
    smooth, carried = np.empty(len(step)), 0
    for number, rule in enumerate(_RULES):
        which = ((kind >= carried) & (kind <= number)).nonzero()[0]
        if len(which) <= _FEW_EDGES and number < len(_STEPS):
            continue
        carried = number + 1
        for low in range(0, len(which), _BLOCK):
            some = which[low : low + _BLOCK]
            smooth[some] = _smooth(curve.take(some, axis=1), rule)
    return smooth


def _smooth(curve: Curve, rule: _Rule) -> Floats:
    """Integral of (1 - exp(-r^2/2)) dtheta along each parabola, times two."""
    x0, x1, x2, y0, y1, y2 = curve
    t = rule.nodes
    half = (x2 * x2 + y2 * y2) * t
    for factor in (
        2 * (x1 * x2 + y1 * y2),
        x1 * x1 + y1 * y1 + 2 * (x0 * x2 + y0 * y2),
        2 * (x0 * x1 + y0 * y1),
    ):
        half += factor
        half *= t
    half += x0 * x0 + y0 * y0
    half *= -0.5
    np.minimum(half, -1e-30, out=half)
    # x dy - y dx along the parabola.
    area = (x1 * y2 - y1 * x2) * t
    area += 2 * (x0 * y2 - y0 * x2)
    area *= t
    area += x0 * y1 - y0 * x1
    area *= rule.weights
    area *= np.expm1(half)
    area /= half
    smooth: Floats = np.add.reduce(area, axis=0)
    return smooth


def _turn(curve: Curve) -> Floats:
    """The angle from end to end of each parabola, seen from the fix."""
    x0, x1, x2, y0, y1, y2 = curve
    run, rise = x1 + x2, y1 + y2
    cross = x0 * rise - y0 * run
    turn: Floats = np.arctan2(cross, x0 * x0 + y0 * y0 + x0 * run + y0 * rise)
    # A fix between the parabola and its chord is wound around on the other side: in short steps,
    # then, none of which winds around it.
    bulge = (np.abs(run) + np.abs(rise)) * (np.abs(x2) + np.abs(y2))
    tight = (np.abs(cross) <= bulge).nonzero()[0]
    if len(tight):
        x0, x1, x2, y0, y1, y2 = curve.take(tight, axis=1)
        x, y = (x2 * _FINE + x1) * _FINE + x0, (y2 * _FINE + y1) * _FINE + y0
        cross = x[:-1] * y[1:] - y[:-1] * x[1:]
        turn[tight] = np.arctan2(cross, x[:-1] * x[1:] + y[:-1] * y[1:]).sum(axis=0)
    return turn
