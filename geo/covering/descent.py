"""From one level of cells to the next: each cell that is split gives 16."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from geo.borders import Borders
from geo.covering.cells import SPLIT
from geo.covering.level import PORTION, Level, joined, near, overlapped, records
from geo.covering.parity import ends_west, entry_parity

_QUARTERS = SPLIT * SPLIT


def split_level(borders: Borders, level: Level, split: Bools) -> Level:
    """The level below: 16 cells for each that is split."""
    rank = np.cumsum(split) - 1
    parents = np.flatnonzero(split)
    side = level.side / SPLIT
    child = np.arange(_QUARTERS)
    west = (level.west[parents, None] + (child % SPLIT) * side).ravel()
    south = (level.south[parents, None] + (child // SPLIT) * side).ravel()
    mine = split[level.record_cell]
    record = np.flatnonzero(mine)
    taken = mine[level.entry_record]
    inside = _corners(borders, level, taken)[record]
    home, area, edge = _descend(borders, level, taken, rank, west, south, side)
    record_cell, record_area, entry_record = records(home, area)
    children = rank[level.record_cell[record], None] * _QUARTERS + child
    keys = children * len(borders) + level.record_area[record, None]
    wanted = record_cell * len(borders) + record_area
    order = np.argsort(keys, axis=None)
    sorted_keys = keys.ravel()[order]
    place = order[np.searchsorted(sorted_keys, wanted)]
    whole = inside.ravel().copy()
    record_inside = whole[place]
    whole[place] = False
    above = split[level.held_cell]
    held_cell = (rank[level.held_cell[above], None] * _QUARTERS + child).ravel()
    held_area = np.repeat(level.held_area[above], _QUARTERS)
    more_area = np.repeat(level.record_area[record], _QUARTERS)[whole]
    return Level(
        side, west, south, np.arange(len(west)), record_cell, record_area, record_inside,
        entry_record, edge,
        np.concatenate([held_cell, children.ravel()[whole]]),
        np.concatenate([held_area, more_area]),
    )  # fmt: skip


def _corners(borders: Borders, level: Level, taken: Bools) -> npt.NDArray[np.bool_]:
    """(records, 16): whether the south-western corner of each quarter lies in the area."""
    bits = np.zeros(len(level.record_cell), dtype=np.uint16)
    chosen = np.flatnonzero(taken)
    for begin in range(0, len(chosen), PORTION):
        entry = chosen[begin : begin + PORTION]
        record, edge = level.entry_record[entry], level.entry_edge[entry]
        mask = _corner_bits(borders, level, record, edge)
        first = np.flatnonzero(np.diff(record, prepend=-1))
        bits[record[first]] ^= np.bitwise_xor.reduceat(mask, first)
    flags = ((bits[:, None] >> np.arange(_QUARTERS, dtype=np.uint16)) & 1).astype(bool)
    corners: npt.NDArray[np.bool_] = flags ^ (level.record_inside ^ flags[:, 0])[:, None]
    return corners


def _corner_bits(
    borders: Borders, level: Level, record: Ints, edge: Ints
) -> npt.NDArray[np.uint16]:
    """Bit k of each entry: whether its edge turns the answer at the corner of quarter k."""
    cell = level.record_cell[record]
    x0, y0, side = level.west[cell], level.south[cell], level.side / SPLIT
    left = ends_west(borders, edge, x0)
    ends = borders.ends(edge)
    mask = np.zeros(len(edge), dtype=np.uint16)
    for k in range(_QUARTERS):
        x, y = x0 + (k % SPLIT) * side, y0 + (k // SPLIT) * side
        mask |= entry_parity(ends, left, x, y).astype(np.uint16) << np.uint16(k)
    return mask


def _descend(
    borders: Borders,
    level: Level,
    taken: Bools,
    rank: Ints,
    west: Floats,
    south: Floats,
    side: float,
) -> tuple[Ints, Ints, Ints]:
    """(cell, area, edge) entries of the level below, sorted by cell, then area."""
    chosen = np.flatnonzero(taken)
    if not len(chosen):
        return chosen, chosen, chosen
    parent = level.record_cell[level.entry_record[chosen]]
    # Portions of whole cells: sorted each for itself they are sorted together.
    heads = np.flatnonzero(np.diff(parent, prepend=-1))
    cuts = heads[np.searchsorted(heads, np.arange(0, len(chosen), PORTION))[:-1]].tolist()
    cuts = sorted({0, *cuts, len(chosen)})
    home, area, edge = joined(
        _descended(borders, level, chosen[low:high], rank, west, south, side)
        for low, high in pairwise(cuts)
    )
    return home, area, edge


def _descended(
    borders: Borders,
    level: Level,
    chosen: Ints,
    rank: Ints,
    west: Floats,
    south: Floats,
    side: float,
) -> tuple[Ints, Ints, Ints]:
    edge, record = level.entry_edge[chosen], level.entry_record[chosen]
    cell = level.record_cell[record]
    x0, y0 = level.west[cell], level.south[cell]
    low_lon, low_lat, high_lon, high_lat = borders.ends(edge)
    ax, bx = (low_lon - x0) / side, (high_lon - x0) / side
    which, column, row = overlapped(
        np.arange(len(edge)),
        np.minimum(ax, bx),
        np.maximum(ax, bx),
        (low_lat - y0) / side,
        (high_lat - y0) / side,
        (SPLIT, SPLIT),
    )
    home = rank[cell[which]] * _QUARTERS + row * SPLIT + column
    close = near(borders, edge[which], west[home], south[home], side)
    which, home = which[close], home[close]
    area = level.record_area[record[which]]
    order = np.argsort(home * len(borders) + area, kind="stable")
    return home[order], area[order], edge[which[order]]
