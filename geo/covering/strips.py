"""Strips: in most cells the borders run within a narrow band, and beside it all is plain.

The band is as long as the cell; its direction is that in which the borders' points spread most.
What lies beside it within the cell is convex and crossed by no border, so that one of its points
tells who holds them all.
"""

from dataclasses import replace

import numpy as np

from geo.arrays import Floats, Ints, spread
from geo.borders import Borders
from geo.covering.cells import NONE, SEVERAL, Cells
from geo.covering.lookup import Lookup

_HAIR_DEG = 1e-9
_PORTION = 5_000
_CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]])


def with_strips(
    borders: Borders, cells: Cells, places: tuple[Ints, Floats, Floats, Floats], margin: float
) -> Cells:
    """The cells with ``strip`` and ``beside`` filled in.

    ``places``: of the leaves with borders their number, west, south, side; ``margin`` in sides.
    """
    strip = np.tile([0.0, 0.0, 0.0, np.inf], (len(cells.single), 1))
    beside = np.full((len(cells.single), 2), SEVERAL, dtype=np.int32)
    cells = replace(cells, strip=strip, beside=beside)
    lookup = Lookup(borders, cells)
    for low in range(0, len(places[0]), _PORTION):
        part = slice(low, low + _PORTION)
        leaf, side = places[0][part], places[3][part]
        west, south = places[1][part], places[2][part]
        centre = np.column_stack([west + side / 2, south + side / 2])
        normal, middle, half = _band(borders, cells, leaf, centre, side, margin)
        away = normal @ _CORNERS.T - middle[:, None]
        # Where the band leaves no corner free there is nothing beside it.
        for column, corner in enumerate((away.argmin(axis=1), away.argmax(axis=1))):
            point = centre + _CORNERS[corner] * side[:, None]
            reach = np.abs(np.take_along_axis(away, corner[:, None], axis=1)[:, 0])
            free = reach > half + _HAIR_DEG / side
            beside[leaf, column] = np.where(free, _holder(lookup, leaf, point), SEVERAL)
        strip[leaf, :2] = normal
        strip[leaf, 2] = (normal * centre).sum(axis=1) + middle * side
        strip[leaf, 3] = half * side + _HAIR_DEG
    return cells


def _band(
    borders: Borders, cells: Cells, leaf: Ints, centre: Floats, side: Floats, margin: float
) -> tuple[Floats, Floats, Floats]:
    """Unit normals (n, 2), middles and half widths of the leaves' bands, in sides of the cell."""
    start = cells.entry_start[cells.record_start[leaf]]
    count = cells.entry_start[cells.record_start[leaf + 1]] - start
    row, entry = spread(start, count)
    ends = _clipped(borders, cells.entry_edge[entry], centre[row], side[row], 0.5 + margin)
    first = np.cumsum(count) - count
    x, y = (np.stack([e[:, k] for e in ends]) for k in (0, 1))
    mean_x, mean_y = (np.add.reduceat(c.sum(axis=0), first) / (2 * count) for c in (x, y))
    x0, y0 = x - mean_x[row], y - mean_y[row]
    xx, xy, yy = (np.add.reduceat(c.sum(axis=0), first) for c in (x0 * x0, x0 * y0, y0 * y0))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    normal = np.column_stack([-np.sin(angle), np.cos(angle)])
    off = normal[row, 0] * x + normal[row, 1] * y
    least = np.minimum.reduceat(off.min(axis=0), first)
    most = np.maximum.reduceat(off.max(axis=0), first)
    return normal, (least + most) / 2, (most - least) / 2


def _clipped(
    borders: Borders, edge: Ints, centre: Floats, side: Floats, half: float
) -> tuple[Floats, Floats]:
    """Both ends of what of each edge lies in the widened cell, about its centre, in sides."""
    low_lon, low_lat, high_lon, high_lat = borders.ends(edge)
    a = (np.column_stack([low_lon, low_lat]) - centre) / side[:, None]
    b = (np.column_stack([high_lon, high_lat]) - centre) / side[:, None]
    step = b - a
    step = np.where(step == 0, 1e-300, step)
    one, other = (-half - a) / step, (half - a) / step
    first = np.maximum(np.minimum(one, other).max(axis=1), 0.0)[:, None]
    last = np.minimum(np.maximum(one, other).min(axis=1), 1.0)[:, None]
    # A touch at a corner may be missed by rounding: then the whole edge counts.
    missed = first > last
    first, last = np.where(missed, 0.0, first), np.where(missed, 1.0, last)
    return a + first * (b - a), a + last * (b - a)


def _holder(lookup: Lookup, leaf: Ints, point: Floats) -> Ints:
    """The one area that holds a point of each leaf, NONE or SEVERAL."""
    row, area = lookup.held_pairs(leaf, point[:, 0].copy(), point[:, 1].copy())
    holder = np.full(len(leaf), NONE)
    holder[row] = area
    holder[np.bincount(row, minlength=len(leaf)) > 1] = SEVERAL
    return holder
