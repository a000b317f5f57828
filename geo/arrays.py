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


def sorted_by(key: npt.NDArray[np.int64], second: Ints) -> tuple[npt.NDArray[np.int64], Ints]:
    """Both columns by the key, then by the second; neither is negative."""
    bits = int(second.max(initial=0)).bit_length()
    if int(key.max(initial=0)).bit_length() + bits > 62:
        order = np.lexsort((second, key))
        return key[order], second[order]
    # Sorting values is several times as fast as sorting an order of them.
    packed = np.sort(key << bits | second)
    return packed >> bits, packed & ((1 << bits) - 1)
