"""Gathering leaves while the index is built: equal ones are kept once."""

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from geo.covering import NONE, SEVERAL, Cells

_Int32 = npt.NDArray[np.int32]


class Leaves:
    """Grows leaf by leaf and level by level; ``cells`` gives the finished arrays."""

    def __init__(self) -> None:
        self._count = 0
        self._records = 0
        self._single: list[Ints] = []
        self._clear: list[Floats] = []
        self._held: list[tuple[Ints, Ints]] = []
        self._per_leaf: list[Ints] = []
        self._area: list[Ints] = []
        self._odd: list[Bools] = []
        self._entries: list[tuple[Ints, Ints, npt.NDArray[np.uint8]]] = []

    def add(
        self,
        *,
        clear_deg: Floats,
        held: tuple[Ints, Ints],
        records: tuple[Ints, Ints, Bools],
        entries: tuple[Ints, Ints, npt.NDArray[np.uint8]],
    ) -> _Int32:
        """Take a level's cells; gives the leaf number of each.

        ``held``: (cell, area); ``records``: (cell, area, odd) sorted by cell; ``entries``:
        (record, edge, left) sorted by record.
        """
        size = len(clear_deg)
        order = np.lexsort((held[1], held[0]))
        cell, area = held[0][order], held[1][order]
        per_cell = np.bincount(cell, minlength=size)
        per_record = np.bincount(records[0], minlength=size)
        leaf, first = _alike(cell, area, per_cell, per_record, clear_deg)
        kept = np.zeros(size, dtype=bool)
        kept[first] = True
        numbers: _Int32 = (leaf + self._count).astype(np.int32)
        single = np.where(per_cell + per_record == 0, NONE, SEVERAL)
        sole = (per_cell == 1) & (per_record == 0)
        single[sole] = area[(np.cumsum(per_cell) - 1)[sole]]
        self._single.append(single[first])
        self._clear.append(clear_deg[first])
        mine = kept[cell]
        new_order = np.argsort(numbers[cell[mine]], kind="stable")
        self._held.append((numbers[cell[mine]][new_order], area[mine][new_order]))
        self._take_records(per_record[first], records, entries)
        self._count += len(first)
        return numbers

    def _take_records(
        self,
        per_leaf: Ints,
        records: tuple[Ints, Ints, Bools],
        entries: tuple[Ints, Ints, npt.NDArray[np.uint8]],
    ) -> None:
        self._per_leaf.append(per_leaf)
        self._area.append(records[1])
        self._odd.append(records[2])
        self._entries.append((entries[0] + self._records, entries[1], entries[2]))
        self._records += len(records[1])

    def cells(self, grid: Floats, top: _Int32, children: _Int32) -> Cells:
        """All arrays of the index."""
        held_leaf = np.concatenate([h[0] for h in self._held])
        entry_record = np.concatenate([e[0] for e in self._entries])
        return Cells(
            grid=grid,
            top=top,
            children=children,
            single=np.concatenate(self._single).astype(np.int32),
            clear_deg=np.concatenate(self._clear).astype(np.float32),
            held_start=_starts(np.bincount(held_leaf, minlength=self._count)),
            held_area=np.concatenate([h[1] for h in self._held]).astype(np.int32),
            record_start=_starts(np.concatenate(self._per_leaf)),
            record_area=np.concatenate(self._area).astype(np.int32),
            record_odd=np.concatenate(self._odd),
            entry_start=_starts(np.bincount(entry_record, minlength=self._records)),
            entry_edge=np.concatenate([e[1] for e in self._entries]).astype(np.int32),
            entry_left=np.concatenate([e[2] for e in self._entries]),
        )


def _starts(counts: Ints) -> _Int32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _alike(
    cell: Ints, area: Ints, per_cell: Ints, per_record: Ints, clear_deg: Floats
) -> tuple[Ints, Ints]:
    """Number cells so that those without records and with equal contents share a leaf.

    Returns each cell's leaf and, of each leaf, the cell that stands for it. Leaves with records
    keep the order of their cells, so that their records stay in order.
    """
    start = np.cumsum(per_cell) - per_cell
    leaf = np.zeros(len(per_cell), dtype=np.int64)
    first: list[Ints] = []
    count = 0
    for held in np.unique(per_cell[per_record == 0]).tolist():
        group = np.flatnonzero((per_record == 0) & (per_cell == held))
        rows = area[start[group, None] + np.arange(held)]
        rows = np.column_stack([clear_deg[group] > 0, rows])
        _, at, number = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        leaf[group] = count + number.reshape(-1)
        first.append(group[at])
        count += len(at)
    own = np.flatnonzero(per_record > 0)
    leaf[own] = count + np.arange(len(own))
    return leaf, np.concatenate([*first, own])
