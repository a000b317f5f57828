"""Runs of edges: neighbours along a border that come near the same cells are handled as one."""

from dataclasses import dataclass

import numpy as np

from geo.arrays import Bools, Floats, Ints, spread
from geo.borders import Borders, Ends
from geo.covering.grid import Grid

PORTION = 65_536
"""So many edges or entries are worked on at once, which bounds the memory."""
_FEW = 3
"""Boxes of so many cells a side are spread without a division."""
_LARGE = 9
"""An edge whose box overlaps more cells is held against each of them."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Edges ``first`` .. ``first + count - 1`` of an area, and the cells that the box around each
    of them overlaps, once widened: columns ``west`` .. ``east``, rows ``south`` .. ``north``.
    """

    first: Ints
    count: Ints
    area: Ints
    west: Ints
    east: Ints
    south: Ints
    north: Ints


def area_of_edges(borders: Borders, edge: Ints) -> Ints:
    """The areas of edges."""
    ends = borders.chunk_start[borders.area_chunks[1:]]
    area: Ints = np.searchsorted(ends, edge, side="right")
    return area


def runs_at(
    borders: Borders, grid: Grid, level: int, margin: float, among: Ints | None = None
) -> Runs:
    """Edges in runs, all or those ``among`` (ascending); ``margin`` in sides of a cell."""
    count = len(borders.low_lon) if among is None else len(among)
    box = np.empty((4, count), dtype=np.int32)
    for low in range(0, count, PORTION):
        part = slice(low, low + PORTION)
        ends = borders.ends(part if among is None else among[part])
        _lay_boxes(ends, grid, level, margin, box[:, part])
    head = _heads(borders, count, among)
    for side in box:
        head[1:] |= side[1:] != side[:-1]
    first = np.flatnonzero(head)
    west, east, south, north = box[:, first]
    length = np.diff(np.append(first, count))
    edge = first if among is None else among[first]
    return Runs(edge, length, area_of_edges(borders, edge), west, east, south, north)


def _heads(borders: Borders, count: int, among: Ints | None) -> Bools:
    """Which of the edges do not follow the one before in the same chunk."""
    head = np.zeros(len(borders.low_lon), dtype=bool)
    head[borders.chunk_start[:-1]] = True
    if among is None:
        return head
    head = head.take(among)
    head[0:1] = True
    head[1:] |= np.diff(among) != 1
    return head


def _lay_boxes(ends: Ends, grid: Grid, level: int, margin: float, box: Ints) -> None:
    scale, (columns, rows) = grid.scale(level), grid.size(level)
    low_lon, low_lat, high_lon, high_lat = ends
    sides = (
        (np.minimum(low_lon, high_lon), grid.west, -margin, columns),
        (np.maximum(low_lon, high_lon), grid.west, margin, columns),
        (low_lat, grid.south, -margin, rows),
        (high_lat, grid.south, margin, rows),
    )
    for out, (place, origin, widened, size) in zip(box, sides, strict=True):
        cell = (place - origin) * scale
        cell += widened
        out[:] = np.minimum(np.maximum(cell, 0, out=cell), size - 1, out=cell)


def overlapped(runs: Runs) -> tuple[Ints, Ints, Ints]:
    """(run, column, row) for each cell that a run's box overlaps, in no order."""
    wide, tall = runs.east - runs.west, runs.north - runs.south
    every = np.arange(len(wide), dtype=np.int32)
    small = (wide < _FEW) & (tall < _FEW)
    parts = []
    for up in range(_FEW):
        for along in range(_FEW):
            run = every[small & (wide >= along) & (tall >= up)]
            parts.append((run, runs.west.take(run) + along, runs.south.take(run) + up))
    large = every[~small]
    width = wide.take(large) + 1
    which, step = spread(np.zeros(len(large), dtype=np.int64), width * (tall.take(large) + 1))
    run = large.take(which)
    up_, along_ = np.divmod(step, width.take(which))
    parts.append((run, runs.west.take(run) + along_, runs.south.take(run) + up_))
    run, column, row = (np.concatenate(part) for part in zip(*parts, strict=True))
    return run, column.astype(np.int32), row.astype(np.int32)


def near_cells(
    borders: Borders, grid: Grid, level: int, margin: float, runs: Runs
) -> tuple[Ints, Ints, Ints]:
    """(run, column, row) where a run comes near a cell: with what only its box overlaps, but for
    long edges.
    """
    run, column, row = overlapped(runs)
    large = (runs.east - runs.west + 1) * (runs.north - runs.south + 1) > _LARGE
    if not large.any():
        return run, column, row
    check = np.flatnonzero(large.take(run))
    keep = np.ones(len(run), dtype=bool)
    side = grid.side(level)
    for low in range(0, len(check), PORTION):
        some = check[low : low + PORTION]
        west = np.asarray(grid.west + column[some] * side)
        south = np.asarray(grid.south + row[some] * side)
        keep[some] = _comes_near(borders, runs.first[run[some]], west, south, side, margin)
    return run[keep], column[keep], row[keep]


def _comes_near(
    borders: Borders, edge: Ints, west: Floats, south: Floats, side: float, margin: float
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
