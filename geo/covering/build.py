"""Building the index of cells, level by level, in columns of (cell, area, edge) entries."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Ints
from geo.borders import Borders
from geo.covering.cells import SPLIT, Cells
from geo.covering.descent import split_level
from geo.covering.index import Covering
from geo.covering.leaves import Leaves
from geo.covering.level import MARGIN, PORTION, Level, near
from geo.covering.parity import ends_west, entry_parity
from geo.covering.strips import with_strips
from geo.covering.top import flatter, grid_over, top_level

MAX_LEVEL = 3
EVEN_LEVELS = 2
FEW_EDGES = 150
_HAIR_DEG = 1e-9
_QUARTERS = SPLIT * SPLIT


def build_covering(shapes: Sequence[MultiPolygon]) -> Covering:
    """Index the shapes; they may overlap. Takes some microseconds an edge."""
    borders = Borders(shapes)
    return Covering(borders, build_cells(borders))


def build_cells(borders: Borders) -> Cells:
    """The cells over all areas of ``borders``."""
    grid = grid_over(borders)
    level = top_level(borders, grid)
    top = np.zeros(int(grid[3] * grid[4]), dtype=np.int32)
    children = [np.zeros(0, dtype=np.int32)]
    codes, blocks, leaves = top, 0, Leaves()
    for depth in range(MAX_LEVEL + 1):
        touching = _touches(borders, level, _HAIR_DEG)
        split = _to_split(level, touching, depth)
        numbers = np.flatnonzero(split)
        codes[level.slot[numbers]] = -1 - (blocks + np.arange(len(numbers)))
        rest = ~split
        codes[level.slot[rest]] = _close(borders, level, touching, rest, leaves)
        if not len(numbers):
            break
        level = split_level(borders, level, split)
        blocks += len(numbers)
        codes = np.zeros(len(numbers) * _QUARTERS, dtype=np.int32)
        children.append(codes)
    grid, top = flatter(grid, top, np.concatenate(children))
    cells = leaves.cells(grid, top, np.concatenate(children), len(borders))
    return with_strips(borders, cells, leaves.places(), MARGIN)


def _touches(borders: Borders, level: Level, hair: float) -> Bools:
    """Which entries' edges touch the cell itself, not only its margin."""
    touching = np.zeros(len(level.entry_edge), dtype=bool)
    for low in range(0, len(touching), PORTION):
        part = slice(low, low + PORTION)
        cell = level.record_cell[level.entry_record[part]]
        west, south = level.west[cell], level.south[cell]
        touching[part] = near(
            borders, level.entry_edge[part], west, south, level.side, hair / level.side
        )
    return touching


def _to_split(level: Level, touching: Bools, depth: int) -> Bools:
    """Which cells are split: with a border in them or near them while they are large, with many
    edges in them until the last level.
    """
    if depth == MAX_LEVEL:
        return np.zeros(len(level.slot), dtype=bool)
    cell = level.record_cell[level.entry_record]
    if depth < EVEN_LEVELS:
        bordered: Bools = np.bincount(cell, minlength=len(level.slot)) > 0
        return bordered
    many: Bools = np.bincount(cell[touching], minlength=len(level.slot)) > FEW_EDGES
    return many


def _close(
    borders: Borders, level: Level, touching: Bools, closing: Bools, leaves: Leaves
) -> npt.NDArray[np.int32]:
    """Make leaves of the closing cells; gives their numbers in order of the cells."""
    rank = np.cumsum(closing) - 1
    cell = level.record_cell[level.entry_record]
    crossed = np.zeros(len(level.slot), dtype=bool)
    crossed[cell[touching]] = True
    mine = closing[level.held_cell]
    record = np.flatnonzero(closing[level.record_cell])
    keep = np.flatnonzero(closing[cell])
    odd, left = _parity(borders, level, level.entry_record[keep], level.entry_edge[keep])
    number = np.cumsum(closing[level.record_cell]) - 1
    return leaves.add(
        side=level.side,
        corners=(level.west[closing], level.south[closing]),
        margin_deg=MARGIN * level.side,
        held=(rank[level.held_cell[mine]], level.held_area[mine]),
        crossed=crossed[closing],
        records=(
            rank[level.record_cell[record]],
            level.record_area[record],
            odd[record],
            level.record_inside[record],
        ),
        entries=(number[level.entry_record[keep]], level.entry_edge[keep], left),
    )


def _parity(
    borders: Borders, level: Level, record: Ints, edge: Ints
) -> tuple[Bools, npt.NDArray[np.uint8]]:
    """Constants of all records, and the entries' kinds (see ``Cells``)."""
    cell = level.record_cell[record]
    x, y = level.west[cell], level.south[cell]
    left = ends_west(borders, edge, x)
    turned = entry_parity(borders.ends(edge), left, x, y)
    count = np.bincount(record[turned], minlength=len(level.record_cell))
    odd: Bools = level.record_inside ^ ((count & 1) == 1)
    return odd, left
