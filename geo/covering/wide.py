"""Tables for fixes that reach beyond their leaf's margin: runs of borders near large cells."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints, sorted_by, spread
from geo.borders import Borders
from geo.covering.grid import Grid
from geo.covering.runs import Runs, overlapped

LEVELS = (1, 0)
MARGIN = 1.0
"""Of a cell's side: runs this near to a cell are noted with it."""


@dataclass(frozen=True, slots=True)
class Wide:
    """Cells of one level; ``grid``: west, south, cells per degree, columns, rows.

    ``record_key`` ascends: cell (row times columns plus column) times number of areas plus area;
    a record has the range ``entry_start`` of ``entry_run``. Of each run the first edge, how many,
    and ``run_box`` (4, runs): west, east, south, north in degrees.
    """

    grid: Floats
    record_key: npt.NDArray[np.int64]
    entry_start: npt.NDArray[np.int32]
    entry_run: npt.NDArray[np.int32]
    run_first: npt.NDArray[np.int32]
    run_count: npt.NDArray[np.int32]
    run_box: Floats

    @property
    def margin_deg(self) -> float:
        """A fix that reaches no further finds all there is to find here."""
        return MARGIN / float(self.grid[2])

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return int(sum(getattr(self, f.name).nbytes for f in fields(self)))

    def edges(
        self, areas: int, area: Ints, place: tuple[Floats, Floats], reach: tuple[Floats, Floats]
    ) -> tuple[Ints, Ints]:
        """(row, edge) of the borders of each row's area within its reach, and some more.

        ``place``: lon, lat, ``reach``: along each, all in degrees.
        """
        record, known = self._records(areas, area, place)
        start = self.entry_start.take(record)
        row, entry = spread(start, (self.entry_start.take(record + 1) - start) * known)
        run = self.entry_run.take(entry)
        (x, y), (dx, dy), box = (
            (v.take(row) for v in place),
            (v.take(row) for v in reach),
            self.run_box,
        )
        near = (box[0].take(run) <= x + dx) & (box[1].take(run) >= x - dx)
        near &= (box[2].take(run) <= y + dy) & (box[3].take(run) >= y - dy)
        kept = near.nonzero()[0]
        run = run.take(kept)
        which, edge = spread(self.run_first.take(run), self.run_count.take(run))
        return row.take(kept).take(which), edge

    def _records(self, areas: int, area: Ints, place: tuple[Floats, Floats]) -> tuple[Ints, Bools]:
        west, south, per_degree, columns, rows = self.grid.tolist()
        # What lies beyond the grid falls into its outermost cells: all else is further off then.
        column = np.clip((place[0] - west) * per_degree, 0, columns - 1).astype(np.int64)
        row = np.clip((place[1] - south) * per_degree, 0, rows - 1).astype(np.int64)
        key = (row * int(columns) + column) * areas + area
        record = self.record_key.searchsorted(key)
        known = self.record_key.take(record, mode="clip") == key
        return record * known, known


def wide_tables(borders: Borders, grid: Grid, runs: Sequence[Runs]) -> tuple[Wide, ...]:
    """A table for each of ``LEVELS``; ``runs`` are those of each level that there is."""
    last = len(runs) - 1
    return tuple(_table(borders, grid, level, runs[min(level, last)]) for level in LEVELS)


def _table(borders: Borders, grid: Grid, level: int, runs: Runs) -> Wide:
    box = _run_boxes(borders, runs)
    scale, (columns, rows) = grid.scale(level), grid.size(level)
    cells = (
        np.clip((side - origin) * scale + widened, 0, size - 1).astype(np.int64)
        for side, origin, widened, size in zip(
            box, (grid.west, grid.west, grid.south, grid.south),
            (-MARGIN, MARGIN, -MARGIN, MARGIN), (columns, columns, rows, rows), strict=True,
        )
    )  # fmt: skip
    west, east, south, north = cells
    placed = replace(runs, west=west, east=east, south=south, north=north)
    run, column, row = overlapped(placed)
    key = (row.astype(np.int64) * columns + column) * len(borders) + runs.area.take(run)
    key, run = sorted_by(key, run)
    heads = np.flatnonzero(np.diff(key, prepend=-1))
    return Wide(
        grid=np.array([grid.west, grid.south, scale, columns, rows], dtype=np.float64),
        record_key=key[heads],
        entry_start=np.append(heads, len(key)).astype(np.int32),
        entry_run=run.astype(np.int32),
        run_first=runs.first.astype(np.int32),
        run_count=runs.count.astype(np.int32),
        run_box=box,
    )


def _run_boxes(borders: Borders, runs: Runs) -> Floats:
    if not len(runs.first):
        return np.zeros((4, 0))
    return np.stack([
        np.minimum.reduceat(np.minimum(borders.low_lon, borders.high_lon), runs.first),
        np.maximum.reduceat(np.maximum(borders.low_lon, borders.high_lon), runs.first),
        np.minimum.reduceat(borders.low_lat, runs.first),
        np.maximum.reduceat(borders.high_lat, runs.first),
    ])  # fmt: skip
