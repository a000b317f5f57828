"""The tree of cells while it grows: which are split, and where a cell of a level stands."""

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats, Ints
from geo.covering.cells import SPLIT
from geo.covering.grid import Grid

MAX_FLAT_CELLS = 2_000_000
QUARTERS = SPLIT * SPLIT
_Int32 = npt.NDArray[np.int32]


class Tree:
    """Cells of the level that grows: ``column`` and ``row`` of each, by slot."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.level = 0
        slot = np.arange(grid.columns * grid.rows, dtype=np.int32)
        self.row, self.column = np.divmod(slot, grid.columns)
        self._codes: list[_Int32] = []
        self._blocks: list[_Int32] = []
        self._count = 0

    def slots(self, column: Ints, row: Ints) -> Ints:
        """Where cells of this level stand; -1 for those whose parent is not split."""
        up = 2 * self.level
        slot = (row >> up) * np.int32(self.grid.columns) + (column >> up)
        for blocks in self._blocks:
            up -= 2
            block = blocks.take(slot)
            inner = ((row >> up) & 3) * SPLIT + ((column >> up) & 3)
            block *= QUARTERS
            slot = np.maximum(block + inner, -1, out=block)
        return slot

    def settle(self, split: Bools, leaf: _Int32) -> None:
        """Close this level: ``leaf`` numbers those cells that are not ``split``; go to the next."""
        numbers = np.flatnonzero(split)
        codes = np.empty(len(split), dtype=np.int32)
        codes[~split] = leaf
        codes[numbers] = -1 - (self._count + np.arange(len(numbers)))
        self._codes.append(codes)
        self._count += len(numbers)
        # One more at the end, for -1 to find: what is not there is not split.
        blocks = np.full(len(split) + 1, -2, dtype=np.int32)
        blocks[numbers] = np.arange(len(numbers))
        self._blocks.append(blocks)
        child = np.arange(QUARTERS, dtype=np.int32)
        self.column = (self.column[numbers, None] * SPLIT + child % SPLIT).ravel()
        self.row = (self.row[numbers, None] * SPLIT + child // SPLIT).ravel()
        self.level += 1

    def arrays(self) -> tuple[Floats, _Int32, _Int32]:
        """``grid``, ``top`` and ``children`` of ``Cells``: a finer grid at the top in place of the
        first levels, where that fits, saves most points steps.
        """
        top, children = self._codes[0], np.concatenate([np.zeros(0, np.int32), *self._codes[1:]])
        columns, rows, level = self.grid.columns, self.grid.rows, 0
        while len(top) * QUARTERS <= MAX_FLAT_CELLS and (top < 0).any():
            fine = np.repeat(top[:, None], QUARTERS, axis=1)
            inner = top < 0
            fine[inner] = children.reshape(-1, QUARTERS)[-1 - top[inner]]
            top = fine.reshape(rows, columns, SPLIT, SPLIT).swapaxes(1, 2).reshape(-1)
            level += 1
            columns, rows = self.grid.size(level)
        grid = [self.grid.west, self.grid.south, self.grid.scale(level), columns, rows]
        return np.array(grid, dtype=np.float64), top, children
