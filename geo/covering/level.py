"""Cells of one size while the index is built, and the columns that are made of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from geo.arrays import Bools, Floats, Ints, spread
from geo.borders import Borders

MARGIN = 0.5
"""Of a cell's side: borders this near to a cell are noted with it."""
PORTION = 50_000
"""So many entries are worked on at once, which bounds the memory."""


@dataclass(frozen=True, slots=True)
class Level:
    """Cells of one size. ``slot`` is where each cell's code goes (``children``, or ``top`` at 0).

    Entries are sorted by record; a record is a (cell, area) with entries and whether the cell's
    south-western corner lies inside; held pairs are areas that hold all of a cell.
    """

    side: float
    west: Floats
    south: Floats
    slot: Ints
    record_cell: Ints
    record_area: Ints
    record_inside: Bools
    entry_record: Ints
    entry_edge: Ints
    held_cell: Ints
    held_area: Ints


def joined(parts: Iterable[tuple[Ints, ...]]) -> tuple[Ints, ...]:
    """The parts' columns, each in one piece."""
    columns = list(zip(*parts, strict=True))
    return tuple(np.concatenate(column) for column in columns)


def overlapped(
    what: Ints,
    west: Floats,
    east: Floats,
    south: Floats,
    north: Floats,
    size: tuple[int, int],
    margin: float = MARGIN,
) -> tuple[Ints, Ints, Ints]:
    """(what, column, row) for each cell that a box in cell units, widened, overlaps."""
    c0 = np.clip(np.floor(west - margin), 0, size[0] - 1).astype(np.int64)
    c1 = np.clip(np.floor(east + margin), 0, size[0] - 1).astype(np.int64)
    r0 = np.clip(np.floor(south - margin), 0, size[1] - 1).astype(np.int64)
    r1 = np.clip(np.floor(north + margin), 0, size[1] - 1).astype(np.int64)
    wide = c1 - c0 + 1
    owner, step = spread(np.zeros(len(what), dtype=np.int64), wide * (r1 - r0 + 1))
    return what[owner], c0[owner] + step % wide[owner], r0[owner] + step // wide[owner]


def near(
    borders: Borders, edge: Ints, west: Floats, south: Floats, side: float, margin: float = MARGIN
) -> Bools:
    """Whether each edge comes within the cell, widened by ``margin`` sides (separating axes)."""
    half = side * (0.5 + margin)
    x, y = west + side / 2, south + side / 2
    low_lon, low_lat, high_lon, high_lat = borders.ends(edge)
    ax, ay, bx, by = low_lon - x, low_lat - y, high_lon - x, high_lat - y
    apart = (np.minimum(ax, bx) > half) | (np.maximum(ax, bx) < -half)
    apart |= (np.minimum(ay, by) > half) | (np.maximum(ay, by) < -half)
    dx, dy = bx - ax, by - ay
    apart |= np.abs(ax * dy - ay * dx) > half * (np.abs(dx) + np.abs(dy))
    return ~apart


def records(cell: Ints, area: Ints) -> tuple[Ints, Ints, Ints]:
    """Of sorted (cell, area) entries: the distinct pairs, and each entry's pair."""
    new = np.ones(len(cell), dtype=bool)
    new[1:] = (cell[1:] != cell[:-1]) | (area[1:] != area[:-1])
    return cell[new], area[new], np.cumsum(new) - 1
