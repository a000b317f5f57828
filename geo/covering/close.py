"""Closing cells: what a cell that is not split any more has to know."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints, sorted_by, spread
from geo.borders import Borders
from geo.covering.corners import Corners
from geo.covering.grid import Grid
from geo.covering.leaves import Closed
from geo.covering.parity import ends_west, entry_parity
from geo.covering.runs import Runs
from geo.covering.strips import bands, beside

_PORTION = 200_000


class Open(NamedTuple):
    """Cells of a level that are to be closed: where they are, whether borders cross them, and how
    far around them nothing is but what is in the entries.
    """

    column: Ints
    row: Ints
    crossed: Bools
    margin_deg: Floats


class Entries(NamedTuple):
    """Runs near cells, sorted by cell, then area, then run; ``record`` counts (cell, area)."""

    cell: Ints
    run: Ints
    record: Ints

    @classmethod
    def of(cls, cell: Ints, run: Ints, area: Ints, areas: int) -> "Entries":
        """The entries of cells and runs in any order; ``area`` is each run's."""
        key, run = sorted_by(cell * np.int64(areas) + area.take(run), run)
        record = np.cumsum(np.diff(key, prepend=-1) != 0) - 1
        return cls(key // max(areas, 1), run, record)


def close(
    borders: Borders, grid: Grid, level: int, cells: Open, runs: Runs, entries: Entries,
    margin: float,
) -> Closed:  # fmt: skip
    """The cells as leaves; ``margin`` in sides is how far beyond them the entries look."""
    corners = Corners(borders, grid, level)
    held = _sorted_pairs(*corners.pairs(cells.column, cells.row), len(borders))
    heads = np.flatnonzero(np.diff(entries.record, prepend=-1))
    cell, area = entries.cell[heads], runs.area[entries.run[heads]]
    inside = _among(cell, area, held, len(borders))
    odd, edge, left, band = _measured(borders, grid, level, cells, runs, entries, inside, margin)
    bordered = cell[np.flatnonzero(np.diff(cell, prepend=-1))]
    column, row = cells.column[bordered], cells.row[bordered]
    count = np.add.reduceat(runs.count[entries.run], heads) if len(heads) else heads
    return Closed(
        margin_deg=cells.margin_deg, crossed=cells.crossed, held=held, record_cell=cell,
        record_area=area, record_odd=odd, record_entries=count, entry_edge=edge, entry_left=left,
        strip=_in_degrees(band, grid, level, column, row),
        beside=beside(band, column, row, corners),
    )  # fmt: skip


def _sorted_pairs(cell: Ints, area: Ints, areas: int) -> tuple[Ints, Ints]:
    key = np.sort(cell * np.int64(max(areas, 1)) + area)
    cell, area = np.divmod(key, max(areas, 1))
    return cell, area


def _among(cell: Ints, area: Ints, held: tuple[Ints, Ints], areas: int) -> Bools:
    """Whether each (cell, area) is one of the held pairs."""
    if not len(held[0]):
        return np.zeros(len(cell), dtype=bool)
    key = held[0] * np.int64(areas) + held[1]
    wanted = cell * np.int64(areas) + area
    found: Bools = key.take(key.searchsorted(wanted), mode="clip") == wanted
    return found


def _measured(
    borders: Borders, grid: Grid, level: int, cells: Open, runs: Runs, entries: Entries,
    inside: Bools, margin: float,
) -> tuple[Bools, npt.NDArray[np.int32], npt.NDArray[np.uint8], Floats]:  # fmt: skip
    """Of the records their constants, of the entries' edges the edge and its kind (see ``Cells``),
    and of the cells with records their bands in sides.
    """
    total = int(runs.count[entries.run].sum())
    edges, kinds = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.uint8)
    odd, band, at = inside.copy(), [np.zeros((0, 4))], 0
    side = grid.side(level)
    lons, lats = grid.lons(level), grid.lats(level)
    for low, high in _portions(entries, runs):
        run = entries.run[low:high]
        entry, edge = spread(runs.first[run], runs.count[run])
        record = entries.record[low:high].take(entry)
        cell, first = _counted(entries.cell[low:high].take(entry))
        number = entries.cell[low + entry[first]]
        west, south = lons[cells.column[number]], lats[cells.row[number]]
        ends = borders.ends(edge)
        left = ends_west(ends, west.take(cell))
        turned = entry_parity(ends, left, west.take(cell), south.take(cell))
        record -= entries.record[low]
        flips = np.bincount(record[turned], minlength=int(record[-1]) + 1) & 1
        odd[entries.record[low] : entries.record[high - 1] + 1] ^= flips.astype(bool)
        edges[at : at + len(edge)], kinds[at : at + len(edge)] = edge, left
        at += len(edge)
        middle = west + side / 2, south + side / 2
        band.append(bands(ends, cell, first, middle, side, margin))
    return odd, edges, kinds, np.concatenate(band)


def _portions(entries: Entries, runs: Runs) -> list[tuple[int, int]]:
    """Ranges of entries of whole cells, with some hundred thousand edges each."""
    if not len(entries.cell):
        return []
    heads = np.flatnonzero(np.diff(entries.cell, prepend=-1))
    before = (np.cumsum(runs.count[entries.run]) - runs.count[entries.run])[heads]
    starts = heads[np.flatnonzero(np.diff(before // _PORTION, prepend=-1))]
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(entries.cell)], strict=True))


def _counted(sorted_values: Ints) -> tuple[Ints, Ints]:
    """Each value as 0, 1, ... in order, and where each begins."""
    first = np.flatnonzero(np.diff(sorted_values, prepend=-1))
    return np.repeat(np.arange(len(first)), np.diff(np.append(first, len(sorted_values)))), first


def _in_degrees(band: Floats, grid: Grid, level: int, column: Ints, row: Ints) -> Floats:
    """The bands with their middles from 0, 0 and all in degrees."""
    side = grid.side(level)
    x, y = grid.lons(level)[column] + side / 2, grid.lats(level)[row] + side / 2
    strip = band.copy()
    strip[:, 2] = band[:, 0] * x + band[:, 1] * y + band[:, 2] * side
    strip[:, 3] = band[:, 3] * side
    return strip
