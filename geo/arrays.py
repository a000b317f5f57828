"""Array types of this room, and ragged ranges: many short lists laid end to end."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.signedinteger[Any]]
Bools = npt.NDArray[np.bool_]
FloatsLike = npt.ArrayLike


def floats(values: FloatsLike) -> Floats:
    """The values as a flat float64 array; a scalar gives one element."""
    return np.atleast_1d(np.asarray(values, dtype=np.float64))


def spread(starts: npt.NDArray[Any], counts: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """Lay the ranges ``starts[i] : starts[i] + counts[i]`` end to end.

    Returns (owner, index): which range each element belongs to, and the element itself.
    """
    owner = np.arange(len(counts)).repeat(counts)
    shift = counts.cumsum() - counts - starts
    return owner, np.arange(len(owner)) - shift.take(owner)


def summed(row: Ints, values: Floats, size: int) -> Floats:
    """Sum of the values of each row 0 .. size - 1."""
    return np.asarray(np.bincount(row, weights=values, minlength=size), dtype=np.float64)
