"""The first cells: a grid over all areas, what comes near each, and a finer one at the end."""

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, Ints
from geo.borders import Borders
from geo.covering.cells import SPLIT
from geo.covering.level import PORTION, Level, joined, near, overlapped, records

MAX_TOP_CELLS = 60_000
MAX_FLAT_CELLS = 2_000_000
_QUARTERS = SPLIT * SPLIT


def grid_over(borders: Borders) -> Floats:
    """West, south, cells per degree, columns, rows; a ring of empty cells around everything."""
    if not len(borders.low_lon):
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    west, east = float(borders.chunk_west.min()), float(borders.chunk_east.max())
    south, north = float(borders.chunk_south.min()), float(borders.chunk_north.max())
    wanted = np.clip(8.0 * len(borders), 1000, MAX_TOP_CELLS)
    side = float(np.sqrt(max((east - west) * (north - south), 1e-12) / wanted))
    side = max(side, (east - west) / MAX_TOP_CELLS, (north - south) / MAX_TOP_CELLS, 1e-6)
    columns, rows = np.ceil((east - west) / side) + 2, np.ceil((north - south) / side) + 2
    return np.array([west - side, south - side, 1 / side, columns, rows])


def top_level(borders: Borders, grid: Floats) -> Level:
    """The cells of the grid with what comes near each."""
    west, south, per_degree, columns, rows = grid.tolist()
    side, columns, rows = 1 / per_degree, int(columns), int(rows)
    cell = np.arange(columns * rows)
    cell_west, cell_south = west + (cell % columns) * side, south + (cell // columns) * side
    area = np.repeat(np.arange(len(borders)), np.diff(borders.chunk_start[borders.area_chunks]))
    edge, home = joined(
        _top_entries(borders, slice(low, low + PORTION), grid, cell_west, cell_south)
        for low in range(0, max(len(borders.low_lon), 1), PORTION)
    )
    order = np.argsort(home * len(borders) + area[edge], kind="stable")
    edge, home = edge[order], home[order]
    record_cell, record_area, entry_record = records(home, area[edge])
    inside = borders.contains(record_area, cell_west[record_cell], cell_south[record_cell])
    held_cell, held_area = _held_at_top(borders, grid, home, area[edge])
    return Level(
        side, cell_west, cell_south, cell, record_cell, record_area, inside, entry_record, edge,
        held_cell, held_area,
    )  # fmt: skip


def _top_entries(
    borders: Borders, part: slice, grid: Floats, cell_west: Floats, cell_south: Floats
) -> tuple[Ints, Ints]:
    """(edge, cell) where one of some edges comes near a cell of the top grid."""
    west, south, per_degree, columns, rows = grid.tolist()
    low_lon, high_lon = borders.low_lon[part], borders.high_lon[part]
    edge, column, row = overlapped(
        np.arange(len(borders.low_lon))[part],
        (np.minimum(low_lon, high_lon) - west) * per_degree,
        (np.maximum(low_lon, high_lon) - west) * per_degree,
        (borders.low_lat[part] - south) * per_degree,
        (borders.high_lat[part] - south) * per_degree,
        (int(columns), int(rows)),
    )
    home = row * int(columns) + column
    close = near(borders, edge, cell_west[home], cell_south[home], 1 / per_degree)
    return edge[close], home[close]


def _held_at_top(borders: Borders, grid: Floats, cell: Ints, area: Ints) -> tuple[Ints, Ints]:
    """(cell, area) pairs of which no edge comes near the cell but which hold it."""
    west, south, per_degree, columns, rows = grid.tolist()
    start = borders.area_chunks[:-1]
    filled = np.flatnonzero(np.diff(borders.area_chunks) > 0)
    start = start[filled]
    box = [
        np.floor((np.minimum.reduceat(borders.chunk_west, start) - west) * per_degree),
        np.floor((np.maximum.reduceat(borders.chunk_east, start) - west) * per_degree),
        np.floor((np.minimum.reduceat(borders.chunk_south, start) - south) * per_degree),
        np.floor((np.maximum.reduceat(borders.chunk_north, start) - south) * per_degree),
    ]
    west_, east_, south_, north_ = box
    size = (int(columns), int(rows))
    which, column, row = overlapped(filled, west_, east_, south_, north_, size, margin=0.0)
    home = row * int(columns) + column
    seen = np.isin(home * len(borders) + which, cell * len(borders) + area)
    which, home, column, row = which[~seen], home[~seen], column[~seen], row[~seen]
    inside = borders.contains(which, west + column / per_degree, south + row / per_degree)
    return home[inside], which[inside]


def flatter(
    grid: Floats, top: npt.NDArray[np.int32], children: npt.NDArray[np.int32]
) -> tuple[Floats, npt.NDArray[np.int32]]:
    """A finer top grid in place of the first levels, which saves most points steps."""
    while len(top) * _QUARTERS <= MAX_FLAT_CELLS and (top < 0).any():
        columns, rows = int(grid[3]), int(grid[4])
        fine = np.repeat(top[:, None], _QUARTERS, axis=1)
        inner = top < 0
        fine[inner] = children.reshape(-1, _QUARTERS)[-1 - top[inner]]
        top = fine.reshape(rows, columns, SPLIT, SPLIT).swapaxes(1, 2).reshape(-1)
        grid = grid * np.array([1, 1, SPLIT, SPLIT, SPLIT])
    return grid, top
