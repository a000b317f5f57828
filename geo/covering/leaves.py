"""Gathering leaves while the index is built: equal ones are kept once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from geo.covering.cells import NONE, SEVERAL, Cells

_Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Closed:
    """Cells of one level that are not split any more, and what is known of them.

    ``held``: (cell, area) pairs, sorted, of areas that hold the south-western corner;
    ``record_*``: areas with borders near, sorted by cell, then area, with the number of their
    entries; ``strip`` and ``beside``: of the cells with records, in order (see ``Cells``).
    """

    margin_deg: Floats
    crossed: Bools
    held: tuple[Ints, Ints]
    record_cell: Ints
    record_area: Ints
    record_odd: Bools
    record_entries: Ints
    entry_edge: _Int32
    entry_left: npt.NDArray[np.uint8]
    strip: Floats
    beside: _Int32


class Leaves:
    """Grows level by level; ``cells`` gives the finished arrays."""

    def __init__(self) -> None:
        self._count = 0
        self._levels: list[dict[str, npt.NDArray[Any]]] = []

    def add(self, level: Closed) -> _Int32:
        """Take the cells; gives the leaf number of each."""
        size = len(level.crossed)
        cell, area = level.held
        bordered = np.zeros(size, dtype=bool)
        bordered[level.record_cell] = True
        whole = ~_recorded(level)
        leaf, first = _alike(area[whole], np.bincount(cell[whole], minlength=size),
                             bordered, level.margin_deg)  # fmt: skip
        kept = np.zeros(size, dtype=bool)
        kept[first] = True
        mine = whole & kept.take(cell)
        order = np.argsort(leaf.take(cell[mine]), kind="stable")
        strip, beside = _unbanded(len(first))
        own = len(first) - int(np.count_nonzero(bordered))
        strip[own:], beside[own:] = level.strip, level.beside
        self._levels.append({
            "single": _single(level)[first],
            "margin_deg": level.margin_deg[first],
            "held_count": np.bincount(leaf.take(cell[mine]), minlength=len(first)),
            "held_area": area[mine][order],
            "record_count": np.bincount(level.record_cell, minlength=size)[first],
            "record_area": level.record_area,
            "record_odd": level.record_odd,
            "entry_count": level.record_entries,
            "entry_edge": level.entry_edge,
            "entry_left": level.entry_left,
            "strip": strip,
            "beside": beside,
        })  # fmt: skip
        numbers = (leaf + self._count).astype(np.int32)
        self._count += len(first)
        return numbers

    def cells(self, grid: Floats, top: _Int32, children: _Int32, areas: int) -> Cells:
        """All arrays of the index over so many areas."""
        per_leaf, record_area = self._joined("record_count"), self._joined("record_area")
        leaf = np.repeat(np.arange(len(per_leaf)), per_leaf)
        return Cells(
            grid=grid,
            top=top,
            children=children,
            single=self._joined("single").astype(np.int32),
            margin_deg=self._joined("margin_deg").astype(np.float32),
            strip=self._joined("strip"),
            beside=self._joined("beside"),
            held_start=_starts(self._joined("held_count")),
            held_area=self._joined("held_area").astype(np.int32),
            record_start=_starts(per_leaf),
            record_area=record_area.astype(np.int32),
            record_key=leaf * np.int64(areas) + record_area,
            record_odd=self._joined("record_odd"),
            entry_start=_starts(self._joined("entry_count")),
            entry_edge=self._joined("entry_edge"),
            entry_left=self._joined("entry_left"),
        )

    def _joined(self, name: str) -> npt.NDArray[Any]:
        return np.concatenate([level[name] for level in self._levels])


def _starts(counts: npt.NDArray[Any]) -> _Int32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _unbanded(size: int) -> tuple[Floats, _Int32]:
    """What stands for the band where there is none: everything lies in it."""
    strip = np.tile([0.0, 0.0, 0.0, np.inf], (size, 1))
    return strip, np.full((size, 2), SEVERAL, dtype=np.int32)


def _recorded(level: Closed) -> Bools:
    """Which held pairs are of an area with a record in the cell."""
    if not len(level.record_cell):
        return np.zeros(len(level.held[0]), dtype=bool)
    areas = 1 + max(int(level.record_area.max()), int(level.held[1].max(initial=0)))
    record = level.record_cell * np.int64(areas) + level.record_area
    held = level.held[0] * np.int64(areas) + level.held[1]
    found: Bools = record.take(record.searchsorted(held), mode="clip") == held
    return found


def _single(level: Closed) -> Ints:
    """The one area that holds each cell, or NONE; SEVERAL for cells that borders cross.

    Where none crosses, the corner tells of all.
    """
    cell, area = level.held
    single = np.full(len(level.crossed), NONE)
    single[cell] = area
    single[level.crossed | (np.bincount(cell, minlength=len(single)) > 1)] = SEVERAL
    return single


def _alike(area: Ints, per_cell: Ints, bordered: Bools, margin_deg: Floats) -> tuple[Ints, Ints]:
    """Number cells so that those with no border near and equal contents share a leaf.

    ``area``: what is held, ``per_cell`` of each cell. Returns each cell's leaf and, of each leaf,
    the cell that stands for it. Leaves with borders come last and keep the order of their cells,
    so that their records and edges stay in order.
    """
    start = np.cumsum(per_cell) - per_cell
    _, margin = np.unique(margin_deg, return_inverse=True)
    leaf = np.zeros(len(per_cell), dtype=np.int64)
    first: list[Ints] = []
    count = 0
    for held in np.unique(per_cell[~bordered]).tolist():
        group = np.flatnonzero(~bordered & (per_cell == held))
        rows = area[start[group, None] + np.arange(held)]
        number, at = _numbered(margin[group], rows)
        leaf[group] = count + number
        first.append(group[at])
        count += len(at)
    own = np.flatnonzero(bordered)
    leaf[own] = count + np.arange(len(own))
    return leaf, np.concatenate([*first, own])


def _numbered(kind: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """A number for each row, equal for equal ones of a kind, and where each number stands."""
    key = kind.astype(np.int64)
    for column in rows.T:
        # Renumbered column by column, so that the key never grows beyond the table.
        size = int(column.max(initial=0)) + 1
        key, _ = _dense(key * size + column)
    return _dense(key)


def _dense(key: Ints) -> tuple[Ints, Ints]:
    """Distinct keys as 0, 1, ... in order, and an index of each."""
    place = np.full(int(key.max(initial=-1)) + 1, -1)
    place[key] = np.arange(len(key))
    there = place >= 0
    number: Ints = (np.cumsum(there) - 1).take(key)
    return number, place[there]
