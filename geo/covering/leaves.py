"""Gathering leaves while the index is built: equal ones are kept once."""

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from geo.covering.cells import NONE, SEVERAL, Cells

_Int32 = npt.NDArray[np.int32]


class Leaves:
    """Grows leaf by leaf and level by level; ``cells`` gives the finished arrays."""

    def __init__(self) -> None:
        self._count = 0
        self._records = 0
        self._single: list[Ints] = []
        self._margin: list[Floats] = []
        self._places: list[tuple[Ints, Floats, Floats, Floats]] = []
        self._held: list[tuple[Ints, Ints]] = []
        self._per_leaf: list[Ints] = []
        self._area: list[Ints] = []
        self._odd: list[Bools] = []
        self._entries: list[tuple[Ints, Ints, npt.NDArray[np.uint8]]] = []

    def add(
        self,
        *,
        side: float,
        corners: tuple[Floats, Floats],
        margin_deg: float,
        held: tuple[Ints, Ints],
        crossed: Bools,
        records: tuple[Ints, Ints, Bools, Bools],
        entries: tuple[Ints, Ints, npt.NDArray[np.uint8]],
    ) -> _Int32:
        """Take a level's cells (``corners``: west, south); gives the leaf number of each.

        ``held``: (cell, area); ``crossed``: cells that borders cross; ``records``: (cell, area,
        odd, whether its corner lies inside) sorted by cell; ``entries``: (record, edge, left)
        sorted by record.
        """
        size = len(crossed)
        order = np.lexsort((held[1], held[0]))
        cell, area = held[0][order], held[1][order]
        per_cell = np.bincount(cell, minlength=size)
        per_record = np.bincount(records[0], minlength=size)
        leaf, first = _alike(area, per_cell, per_record)
        kept = np.zeros(size, dtype=bool)
        kept[first] = True
        numbers = leaf + self._count
        self._single.append(_single(size, (cell, area), records, crossed)[first])
        self._margin.append(np.full(len(first), margin_deg))
        bordered = np.flatnonzero(per_record > 0)
        places = corners[0][bordered], corners[1][bordered], np.full(len(bordered), side)
        self._places.append((numbers[bordered], *places))
        mine = kept[cell]
        new_order = np.argsort(numbers[cell[mine]], kind="stable")
        self._held.append((numbers[cell[mine]][new_order], area[mine][new_order]))
        self._take_records(per_record[first], records, entries)
        self._count += len(first)
        return numbers.astype(np.int32)

    def places(self) -> tuple[Ints, Floats, Floats, Floats]:
        """Of the leaves with borders: number, west, south and side in degrees."""
        leaf, west, south, side = (
            np.concatenate(column) for column in zip(*self._places, strict=True)
        )
        return leaf, west, south, side

    def _take_records(
        self,
        per_leaf: Ints,
        records: tuple[Ints, Ints, Bools, Bools],
        entries: tuple[Ints, Ints, npt.NDArray[np.uint8]],
    ) -> None:
        self._per_leaf.append(per_leaf)
        self._area.append(records[1])
        self._odd.append(records[2])
        self._entries.append((entries[0] + self._records, entries[1], entries[2]))
        self._records += len(records[1])

    def cells(self, grid: Floats, top: _Int32, children: _Int32, areas: int) -> Cells:
        """All arrays of the index over so many areas."""
        held_leaf = np.concatenate([h[0] for h in self._held])
        entry_record = np.concatenate([e[0] for e in self._entries])
        per_leaf = np.concatenate(self._per_leaf)
        record_area = np.concatenate(self._area)
        return Cells(
            grid=grid,
            top=top,
            children=children,
            single=np.concatenate(self._single).astype(np.int32),
            margin_deg=np.concatenate(self._margin).astype(np.float32),
            strip=np.zeros((0, 4)),
            beside=np.zeros((0, 2), dtype=np.int32),
            held_start=_starts(np.bincount(held_leaf, minlength=self._count)),
            held_area=np.concatenate([h[1] for h in self._held]).astype(np.int32),
            record_start=_starts(per_leaf),
            record_area=record_area.astype(np.int32),
            record_key=np.repeat(np.arange(len(per_leaf)), per_leaf) * areas + record_area,
            record_odd=np.concatenate(self._odd),
            entry_start=_starts(np.bincount(entry_record, minlength=self._records)),
            entry_edge=np.concatenate([e[1] for e in self._entries]).astype(np.int32),
            entry_left=np.concatenate([e[2] for e in self._entries]),
        )


def _starts(counts: Ints) -> _Int32:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


def _single(
    size: int, held: tuple[Ints, Ints], records: tuple[Ints, Ints, Bools, Bools], crossed: Bools
) -> Ints:
    """The one area that holds each cell, or NONE; SEVERAL for cells that borders cross.

    Where none crosses, the corner tells of all.
    """
    whole = records[3] & ~crossed[records[0]]
    cell = np.concatenate([held[0], records[0][whole]])
    area = np.concatenate([held[1], records[1][whole]])
    single = np.full(size, NONE)
    single[cell] = area
    single[crossed | (np.bincount(cell, minlength=size) > 1)] = SEVERAL
    return single


def _alike(area: Ints, per_cell: Ints, per_border: Ints) -> tuple[Ints, Ints]:
    """Number cells so that those with no border near and equal contents share a leaf.

    ``area``: what is held, ``per_cell`` of each cell. Returns each cell's leaf and, of each leaf,
    the cell that stands for it. Leaves with borders keep the order of their cells, so that their
    records and edges stay in order.
    """
    start = np.cumsum(per_cell) - per_cell
    leaf = np.zeros(len(per_cell), dtype=np.int64)
    first: list[Ints] = []
    count = 0
    for held in np.unique(per_cell[per_border == 0]).tolist():
        group = np.flatnonzero((per_border == 0) & (per_cell == held))
        rows = area[start[group, None] + np.arange(max(held, 1))] if held else group[:, None] * 0
        _, at, number = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        leaf[group] = count + number.reshape(-1)
        first.append(group[at])
        count += len(at)
    own = np.flatnonzero(per_border > 0)
    leaf[own] = count + np.arange(len(own))
    return leaf, np.concatenate([*first, own])
