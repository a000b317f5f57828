"""What all QR symbols of one version and level have in common: blocks, places and masks.

Tables and function patterns come from the ``qrcode`` package; they are turned into arrays once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import qrcode
import qrcode.base
import qrcode.util

from codes.modules import Modules

Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

LEVELS = {"L": 1, "M": 0, "Q": 3, "H": 2}
"""By the numbers that format information has for them."""


@dataclass(frozen=True, eq=False)
class Layout:
    """What all symbols of one version and level have in common."""

    block_sizes: tuple[int, ...]
    parity: Bytes  # (data codewords, parity codewords): what each data byte 1 adds
    order: npt.NDArray[np.intp]  # where the interleaved codewords come from
    places: npt.NDArray[np.intp]  # flat module of each bit
    masked: Bytes  # (8, n, n): function patterns, and in the data area the mask
    rows: Words  # the same, packed by rows
    columns: Words  # and by columns

    @property
    def capacity(self) -> int:
        """Data codewords."""
        return sum(self.block_sizes)


@lru_cache(maxsize=1)
def product_table() -> Bytes:
    """The multiplication table of GF(256) with the polynomial 0x11D."""
    exponent = np.array([qrcode.base.gexp(power) for power in range(255)], dtype=np.uint8)
    logarithm = np.zeros(256, dtype=np.intp)
    logarithm[exponent] = np.arange(255)
    table: Bytes = exponent[(logarithm[:, None] + logarithm[None, :]) % 255]
    table[0, :] = table[:, 0] = 0
    return table


def _parity_rows(data: int, parity: int) -> Bytes:
    """The Reed-Solomon remainder of each single data byte with value 1."""
    products = product_table()
    generator = np.ones(1, dtype=np.uint8)
    for power in range(parity):
        root = qrcode.base.gexp(power)
        generator = np.append(generator, np.uint8(0)) ^ np.append(
            np.uint8(0), products[generator, root]
        )
    rows = np.zeros((data, parity), dtype=np.uint8)
    remainder = generator[1:]
    for at in reversed(range(data)):
        rows[at] = remainder
        shifted = np.append(remainder[1:], np.uint8(0))
        remainder = shifted ^ products[generator[1:], remainder[0]]
    return rows


def pack(modules: Modules) -> Words:
    """Rows of up to 64 modules as words, the first module in the highest bit."""
    width = modules.shape[-1]
    padded = np.zeros((*modules.shape[:-1], 64), dtype=np.uint8)
    padded[..., :width] = modules
    packed = np.packbits(padded, axis=-1).view(">u8")[..., 0]
    return packed.astype(np.uint64)


def _template(version: int, level: str, mask: int) -> list[list[bool | None]]:
    """Function patterns and format information; ``None`` where data go."""
    code = qrcode.QRCode(version=version, error_correction=LEVELS[level])
    size = 17 + 4 * version
    code.modules_count = size
    code.modules = [[None] * size for _ in range(size)]
    for row, column in ((0, 0), (size - 7, 0), (0, size - 7)):
        code.setup_position_probe_pattern(row, column)
    code.setup_position_adjust_pattern()
    code.setup_timing_pattern()
    code.setup_type_info(False, mask)
    if version >= 7:
        code.setup_type_number(False)
    modules: list[list[bool | None]] = code.modules
    return modules


def _zigzag(free: npt.NDArray[np.bool_]) -> Iterator[int]:
    """The free modules in the order in which bits are placed: column pairs from the right."""
    size = len(free)
    upwards = True
    for right in (*range(size - 1, 6, -2), *range(5, 0, -2)):
        for row in range(size - 1, -1, -1) if upwards else range(size):
            for column in (right, right - 1):
                if free[row, column]:
                    yield row * size + column
        upwards = not upwards


def _interleaving(blocks: Sequence[tuple[int, int]]) -> list[int]:
    """Where each codeword comes from in 'all data, then each block's parity'."""
    starts = np.cumsum([0, *(data for data, _ in blocks)])
    parity = blocks[0][1]
    order = [
        int(starts[block]) + at
        for at in range(max(data for data, _ in blocks))
        for block, (data, _) in enumerate(blocks)
        if at < data
    ]
    total = int(starts[-1])
    order += [total + block * parity + at for at in range(parity) for block in range(len(blocks))]
    return order


@lru_cache(maxsize=32)
def layout_of(version: int, level: str) -> Layout:
    """The layout of a version at a level."""
    blocks = [
        (block.data_count, block.total_count - block.data_count)
        for block in qrcode.base.rs_blocks(version, LEVELS[level])
    ]
    templates = [_template(version, level, mask) for mask in range(8)]
    free = np.array([[module is None for module in row] for row in templates[0]])
    masked = np.array(
        [
            [
                [
                    qrcode.util.mask_func(mask)(i, j) if module is None else module
                    for j, module in enumerate(row)
                ]
                for i, row in enumerate(template)
            ]
            for mask, template in enumerate(templates)
        ],
        dtype=np.uint8,
    )
    order = _interleaving(blocks)
    places = np.fromiter(_zigzag(free), dtype=np.intp)[: 8 * len(order)]
    longest = max(data for data, _ in blocks)
    return Layout(
        block_sizes=tuple(data for data, _ in blocks),
        parity=_parity_rows(longest, blocks[0][1]),
        order=np.array(order, dtype=np.intp),
        places=places,
        masked=masked,
        rows=pack(masked),
        columns=pack(masked.transpose(0, 2, 1)),
    )
