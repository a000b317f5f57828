"""The arrays of an index of cells, as they lie in memory and on disk."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats

SPLIT = 4
"""Into so many a side a cell is split."""
NONE, SEVERAL = -1, -2
"""In place of the number of an area: no area, and more than one or one that takes a look."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The arrays of the index; all offsets are into the array named.

    ``grid``: west, south in degrees, cells per degree, columns, rows. ``top`` (rows x columns)
    and ``children`` (16 a block) hold codes: a leaf's number, or -1 - block where split.
    Per leaf: ``single`` the one area that holds it (or NONE; SEVERAL where it takes a look),
    ``margin_deg`` how far beyond the cell its records look, ``strip`` (normal in lon, in lat,
    offset, half width in degrees) the band that holds all borders within the margin, ``beside``
    who holds the cell below and above it, ``held`` and ``records`` ranges.
    Per record, an area with borders in the cell or its margin: area, ``record_key`` (leaf times
    number of areas plus area; it ascends), parity bit, and the range of ``entry_edge``;
    ``entry_left`` tells which ends of the edge lie west of the cell (1 the low, 2 the high,
    3 both).
    """

    grid: Floats
    top: npt.NDArray[np.int32]
    children: npt.NDArray[np.int32]
    single: npt.NDArray[np.int32]
    margin_deg: npt.NDArray[np.float32]
    strip: Floats
    beside: npt.NDArray[np.int32]
    held_start: npt.NDArray[np.int32]
    held_area: npt.NDArray[np.int32]
    record_start: npt.NDArray[np.int32]
    record_area: npt.NDArray[np.int32]
    record_key: npt.NDArray[np.int64]
    record_odd: npt.NDArray[np.bool_]
    entry_start: npt.NDArray[np.int32]
    entry_edge: npt.NDArray[np.int32]
    entry_left: npt.NDArray[np.uint8]

    @property
    def nbytes(self) -> int:
        """Size of all arrays in bytes."""
        return int(sum(getattr(self, f.name).nbytes for f in fields(self)))
