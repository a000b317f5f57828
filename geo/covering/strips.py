"""Strips: in most cells the borders run within a narrow band, and beside it all is plain.

The band is as long as the cell; its direction is that in which the borders' points spread most.
What lies beside it within the cell is convex and crossed by no border, so that one of its points,
a corner of the cell, tells who holds them all.
"""

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints
from geo.covering.cells import NONE, SEVERAL
from geo.covering.corners import Corners

_HAIR = 1e-7
"""Of a cell's side."""
_LONG = 0.25
"""Edges longer than this share of a side are cut to what lies in the cell and its margin."""
_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])
Ends = tuple[Floats, Floats, Floats, Floats]


def bands(ends: Ends, cell: Ints, first: Ints, centre: tuple[Floats, Floats], side: float,
          margin: float) -> Floats:  # fmt: skip
    """(cells, 4): unit normal in lon and lat, middle and half width of each cell's band.

    ``ends``: of edges near cells, in degrees; ``cell`` counts 0, 1, ... and ``first`` is where
    each begins. Middle and width are in sides, from ``centre`` in degrees.
    """
    ax, ay, bx, by = _within(ends, cell, centre, side, 0.5 + margin)
    count = np.diff(np.append(first, len(cell)))
    sums = [np.add.reduceat(v, first) for v in (ax + bx, ay + by)]
    mean_x, mean_y = sums[0] / (2 * count), sums[1] / (2 * count)
    xx, xy, yy = (
        np.add.reduceat(v, first) for v in (ax * ax + bx * bx, ax * ay + bx * by, ay * ay + by * by)
    )
    xx -= 2 * count * mean_x * mean_x
    xy -= 2 * count * mean_x * mean_y
    yy -= 2 * count * mean_y * mean_y
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    over, up = -np.sin(angle), np.cos(angle)
    over_, up_ = over.take(cell), up.take(cell)
    a, b = over_ * ax + up_ * ay, over_ * bx + up_ * by
    least = np.minimum.reduceat(np.minimum(a, b), first)
    most = np.maximum.reduceat(np.maximum(a, b), first)
    return np.column_stack([over, up, (least + most) / 2, (most - least) / 2 + _HAIR])


def beside(band: Floats, column: Ints, row: Ints, corners: Corners) -> npt.NDArray[np.int32]:
    """(cells, 2): who holds the cell below and above its band; SEVERAL where the band leaves no
    corner free.
    """
    away = band[:, :1] * _CORNERS[:, 0] + band[:, 1:2] * _CORNERS[:, 1] - band[:, 2, None]
    said = np.full((len(band), 2), SEVERAL, dtype=np.int32)
    for side, corner in enumerate((away.argmin(axis=1), away.argmax(axis=1))):
        reach = np.abs(np.take_along_axis(away, corner[:, None], axis=1)[:, 0])
        free = np.flatnonzero(reach > band[:, 3] + _HAIR)
        step = _CORNERS[corner[free]] > 0
        which, area = corners.pairs(column[free] + step[:, 0], row[free] + step[:, 1])
        holder = np.full(len(free), NONE)
        holder[which] = area
        holder[np.bincount(which, minlength=len(free)) > 1] = SEVERAL
        said[free, side] = holder
    return said


def _within(
    ends: Ends, cell: Ints, centre: tuple[Floats, Floats], side: float, half: float
) -> Ends:
    """Both ends of each edge about its cell's centre, in sides; long ones cut to the widened
    cell.
    """
    x, y = centre[0].take(cell), centre[1].take(cell)
    ax, ay, bx, by = ((e - o) * (1 / side) for e, o in zip(ends, (x, y, x, y), strict=True))
    long = np.flatnonzero(np.maximum(np.abs(bx - ax), np.abs(by - ay)) > _LONG)
    if len(long):
        a, b = np.column_stack([ax[long], ay[long]]), np.column_stack([bx[long], by[long]])
        a, b = _clipped(a, b, half)
        ax[long], ay[long], bx[long], by[long] = a[:, 0], a[:, 1], b[:, 0], b[:, 1]
    return ax, ay, bx, by


def _clipped(a: Floats, b: Floats, half: float) -> tuple[Floats, Floats]:
    """What of each segment a -> b lies in the square of ``half`` around the origin."""
    step = b - a
    step = np.where(step == 0, 1e-300, step)
    one, other = (-half - a) / step, (half - a) / step
    first = np.maximum(np.minimum(one, other).max(axis=1), 0.0)[:, None]
    last = np.minimum(np.maximum(one, other).min(axis=1), 1.0)[:, None]
    # A touch at a corner may be missed by rounding: then the whole edge counts.
    missed = first > last
    first, last = np.where(missed, 0.0, first), np.where(missed, 1.0, last)
    return a + first * (b - a), a + last * (b - a)
