"""How far around a cell there is no border: more than its margin, for most without one."""

import numpy as np

from geo.arrays import Bools, Ints

MOST = 4
"""In sides: further clearance is not looked for."""


def clear_sides(occupied: Bools, column: Ints, row: Ints) -> Ints:
    """For each cell how many sides around it are free of borders, up to ``MOST``.

    ``occupied`` (rows, columns) says which cells of the level borders touch.
    """
    clear = np.zeros(len(column), dtype=np.int64)
    for _ in range(MOST):
        occupied = _widened(occupied)
        clear += ~occupied[row, column]
    return clear


def _widened(flags: Bools) -> Bools:
    """The flags spread to all eight neighbours."""
    along = flags.copy()
    along[:, 1:] |= flags[:, :-1]
    along[:, :-1] |= flags[:, 1:]
    wide = along.copy()
    wide[1:] |= along[:-1]
    wide[:-1] |= along[1:]
    return wide
