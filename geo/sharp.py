"""The share of a sharp fix's Gaussian beyond a border: whole edges, in few steps.

The formula is that of geo/gaussian.py. Near enough to a fix the flat map to the second order is
exact: with u, v the steps in longitude and latitude,

    x = N cos(phi) u - M sin(phi) u v,    y = M v + N sin(phi) cos(phi) u^2 / 2 + M' v^2 / 2,

so that an edge straight in lon/lat is a parabola, kept here as x + iy. What is left out is
sigma (sigma/R)^2. An edge that is cut to the reach is at most 18 sigma long; the Gauss-Legendre
rule is chosen by its length and exact to 1e-14, so that the choice can't be seen in an answer.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints, summed
from geo.ellipsoid import E2, RADIANS, SEMI_MAJOR_M

Complexes = npt.NDArray[np.complex128]
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

    powers: Complexes
    slopes: Complexes
    weights: Floats
    ones: Floats

    @classmethod
    def of(cls, nodes: int) -> "_Rule":
        at, weights = np.polynomial.legendre.leggauss(nodes)
        t = np.concatenate([[0.0], (at + 1) / 2, [1.0]])
        one = np.ones_like(t)
        powers = np.stack([one, t, t * t], axis=1).astype(np.complex128)
        slopes = np.stack([one * 0, one, 2 * t], axis=1).astype(np.complex128)
        return cls(powers, slopes, np.pad(weights / 2, 1), one[1:])


_RULES = (_Rule.of(9), _Rule.of(17), _Rule.of(38))
_STEPS = (1.0, 4.0)
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
    curve = _parabolas(lat.take(row), sigma_m.take(row), line)
    swept = _swept(curve, _RULES[-1]) if len(row) <= _FEW_EDGES else _swept_by_length(curve)
    return summed(row, onward * swept, len(lat)) * (0.5 / np.pi)


def _parabolas(
    lat: Floats, sigma_m: Floats, line: tuple[Floats, Floats, Floats, Floats]
) -> Complexes:
    """(3, n): the factors of 1, t, t^2 in x + iy, in sigmas."""
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
    curve = np.empty((3, len(lat)), dtype=np.complex128)
    x, y = curve.real, curve.imag
    wide, high, bent = flat + skew * v, stretch * v, bow * u
    x[0] = u * wide + NUDGE[0]
    x[1] = run * wide + skew * u * rise
    x[2] = skew * run * rise
    y[0] = v * (meridian + high) + bent * u + NUDGE[1]
    y[1] = rise * (meridian + 2 * high) + 2 * bent * run
    y[2] = stretch * rise * rise + bow * run * run
    return curve


def _swept_by_length(curve: Complexes) -> Floats:
    """``_swept`` with the cheapest rule that does for each parabola."""
    step = np.maximum(np.abs(curve[1].real), np.abs(curve[1].imag))
    kind = np.searchsorted(_STEPS, step)
    swept = np.empty(len(step))
    for number, rule in enumerate(_RULES):
        which = (kind == number).nonzero()[0]
        if len(which):
            swept[which] = _swept(curve.take(which, axis=1), rule)
    return swept


def _swept(curve: Complexes, rule: _Rule) -> Floats:
    """Integral of exp(-r^2/2) dtheta along each parabola."""
    place = rule.powers @ curve
    mirrored = place.conj()
    half = np.maximum((place * mirrored).real, 1e-30) * -0.5
    area = (mirrored * (rule.slopes @ curve)).imag
    smooth = rule.weights @ (np.expm1(half) / half * area)
    # Between neighbouring nodes a border never winds around the fix, as it may from end to end.
    turn = place[1:] * mirrored[:-1]
    swept: Floats = rule.ones @ np.arctan2(turn.imag, turn.real) - 0.5 * smooth
    return swept
