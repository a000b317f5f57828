"""Building the index of cells: level by level, from runs of edges to cells that are not split."""

from collections.abc import Sequence

import numpy as np
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, Ints, spread
from geo.borders import Borders
from geo.covering.cells import Cells
from geo.covering.clearance import clear_sides
from geo.covering.close import Entries, Open, close
from geo.covering.grid import Grid
from geo.covering.index import Covering
from geo.covering.leaves import Leaves
from geo.covering.runs import Runs, near_cells, runs_at
from geo.covering.tree import Tree
from geo.covering.wide import Wide, wide_tables

MAX_LEVEL = 3
EVEN_LEVELS = 2
FEW_EDGES = 150
MARGIN = 0.5
"""Of a cell's side: borders this near to a cell are noted with it."""
_HAIR = 1e-7
_MAX_GRID_CELLS = 40_000_000


def build_covering(shapes: Sequence[MultiPolygon]) -> Covering:
    """Index the shapes; they may overlap. Takes some two microseconds an edge."""
    borders = Borders(shapes)
    return Covering(borders, *build_cells(borders))


def build_cells(borders: Borders) -> tuple[Cells, tuple[Wide, ...]]:
    """The cells over all areas of ``borders``, and the tables for fixes that reach far."""
    grid = Grid.over(borders)
    tree, leaves = Tree(grid), Leaves()
    runs: list[Runs] = []
    edges: Ints | None = None
    for level in range(MAX_LEVEL + 1):
        runs.append(runs_at(borders, grid, level, MARGIN, edges))
        touched, occupied = _touched(borders, tree, edges)
        which, near = _near(borders, tree, runs[level])
        split = _to_split(level, touched, near)
        some = np.flatnonzero(~split)
        cells = Open(tree.column[some], tree.row[some], touched[some] > 0,
                     _margins(grid.side(level), occupied, tree, some))  # fmt: skip
        entries = _entries(which, near, split, runs[level], len(borders))
        leaf = leaves.add(close(borders, grid, level, cells, runs[level], entries, MARGIN))
        tree.settle(split, leaf)
        if not split.any():
            break
        if level >= EVEN_LEVELS:
            edges = _edges_at(which[split[near]], runs[level])
    cells_ = leaves.cells(*tree.arrays(), len(borders))
    return cells_, wide_tables(borders, grid, runs)


def _edges_at(run: Ints, runs: Runs) -> Ints:
    """The edges of some runs, ascending."""
    run = np.unique(run)
    return spread(runs.first[run], runs.count[run])[1]


def _touched(borders: Borders, tree: Tree, edges: Ints | None) -> tuple[Ints, Bools | None]:
    """How many edges touch each cell of the tree's level, and (rows, columns) which are touched
    at all, where that is no more than fits.
    """
    level, grid = tree.level, tree.grid
    runs = runs_at(borders, grid, level, _HAIR, edges)
    run, column, row = near_cells(borders, grid, level, _HAIR, runs)
    slot = tree.slots(column, row)
    there = slot >= 0
    edges = runs.count.take(run[there])
    count = np.bincount(slot[there], weights=edges, minlength=len(tree.column)).astype(np.int64)
    columns, rows = grid.size(level)
    if columns * rows > _MAX_GRID_CELLS:
        return count, None
    occupied = np.zeros((rows, columns), dtype=bool)
    occupied[row, column] = True
    return count, occupied


def _near(borders: Borders, tree: Tree, runs: Runs) -> tuple[Ints, Ints]:
    """(run, slot) where a run comes near a cell of the tree's level."""
    run, column, row = near_cells(borders, tree.grid, tree.level, MARGIN, runs)
    slot = tree.slots(column, row)
    there = slot >= 0
    return run[there], slot[there]


def _to_split(level: int, touched: Ints, near: Ints) -> Bools:
    """Which cells are split: with a border in them or near them while they are large, with many
    edges in them until the last level.
    """
    if level >= EVEN_LEVELS:
        return (touched > FEW_EDGES) & (level < MAX_LEVEL)
    split = np.zeros(len(touched), dtype=bool)
    split[near] = True
    return split


def _entries(run: Ints, slot: Ints, split: Bools, runs: Runs, areas: int) -> Entries:
    """Those of cells that are not split, which are numbered among themselves."""
    mine = ~split[slot]
    rank = np.cumsum(~split) - 1
    return Entries.of(rank[slot[mine]], run[mine], runs.area, areas)


def _margins(side: float, occupied: Bools | None, tree: Tree, some: Ints) -> Floats:
    """How far in degrees nothing is around cells but what comes within their margin."""
    margin = np.full(len(some), MARGIN * side)
    if occupied is None:
        return margin
    clear = clear_sides(occupied, tree.column[some], tree.row[some])
    wider: Floats = np.maximum(margin, clear * (side * (1 - _HAIR)))
    return wider
