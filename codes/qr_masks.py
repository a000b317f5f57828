"""Which of the eight masks suits a QR symbol best, by the penalties of ISO/IEC 18004, for whole
batches on rows packed into 64-bit words."""

import numpy as np
import numpy.typing as npt

from codes.modules import Modules
from codes.qr_layout import Layout, Words, pack

_FINDER_LIKE = (0b10111010000, 0b00001011101)


def _line_penalty(lines: Words, size: int) -> npt.NDArray[np.int64]:
    """ISO/IEC 18004's rules 1 and 3 over packed lines; sums over the last axis."""
    one = np.uint64(1)
    inside = np.uint64(((1 << size) - 1) << (64 - size))
    same = ~(lines ^ (lines << one)) & (inside << one)
    runs = same & (same << one)
    runs &= runs << np.uint64(2)  # five equal modules from here on
    penalty = np.bitwise_count(runs).astype(np.int64)
    penalty += 2 * np.bitwise_count(runs & ~(runs >> one))
    whole = inside << np.uint64(10)
    for pattern in _FINDER_LIKE:
        found = np.broadcast_to(whole, lines.shape).copy()
        for shift in range(11):
            moved = lines << np.uint64(shift)
            found &= moved if pattern >> (10 - shift) & 1 else ~moved
        penalty += 40 * np.bitwise_count(found)
    total: npt.NDArray[np.int64] = penalty.sum(axis=-1)
    return total


def _block_penalty(rows: Words, size: int) -> npt.NDArray[np.int64]:
    """Rules 2 and 4: squares of one colour, and the share of dark modules."""
    one = np.uint64(1)
    inside = np.uint64(((1 << size) - 1) << (64 - size))
    same = ~(rows ^ (rows << one)) & (inside << one)
    squares = same[..., :-1] & same[..., 1:] & ~(rows[..., :-1] ^ rows[..., 1:])
    penalty: npt.NDArray[np.int64] = 3 * np.bitwise_count(squares).astype(np.int64).sum(axis=-1)
    dark = np.bitwise_count(rows).astype(np.int64).sum(axis=-1)
    penalty += 10 * (np.abs(20 * dark - 10 * size * size) // (size * size))
    return penalty


def best_masks(plain: Modules, layout: Layout) -> npt.NDArray[np.intp]:
    """The mask of least penalty for each of a batch of unmasked symbols."""
    size = plain.shape[-1]
    rows = pack(plain)[:, None, :] ^ layout.rows
    columns = pack(plain.transpose(0, 2, 1))[:, None, :] ^ layout.columns
    penalty = _line_penalty(rows, size) + _line_penalty(columns, size) + _block_penalty(rows, size)
    best: npt.NDArray[np.intp] = penalty.argmin(axis=1)
    return best
