"""QR symbols (ISO/IEC 18004) as arrays of modules, many at a time.

Placing the bits and choosing the mask is done here for whole batches, since the way of the
``qrcode`` package is too slow for a production line. Rows of 64 bits bound symbols to version 11,
which has 61 modules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codes.errors import CodeError
from codes.modules import Modules
from codes.qr_layout import LEVELS, Bytes, Layout, layout_of, product_table
from codes.qr_masks import best_masks
from codes.qr_segments import codewords

_VERSIONS = range(1, 12)
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Symbol:
    """A QR symbol: its version, error correction level, mask, and modules without quiet zone."""

    version: int
    level: str
    mask: int
    modules: Modules

    @property
    def size(self) -> int:
        """Modules on a side, without quiet zone."""
        return 17 + 4 * self.version


def _with_parity(data: Bytes, layout: Layout) -> Bytes:
    """Data codewords (batch, capacity) with their parity, interleaved as they are placed."""
    products, longest = product_table(), len(layout.parity)
    parts, start = [data], 0
    for size in layout.block_sizes:
        block = data[:, start : start + size]
        terms = products[block[:, :, None], layout.parity[None, longest - size :]]
        parts.append(np.bitwise_xor.reduce(terms, axis=1))
        start += size
    return np.concatenate(parts, axis=1)[:, layout.order]


def _symbols(data: Bytes, version: int, level: str) -> Iterator[Symbol]:
    layout = layout_of(version, level)
    size = 17 + 4 * version
    flat = np.zeros((len(data), size * size), dtype=np.uint8)
    flat[:, layout.places] = np.unpackbits(_with_parity(data, layout), axis=1)
    plain: Modules = flat.reshape(-1, size, size)
    masks = best_masks(plain, layout)
    for modules, mask in zip(plain ^ layout.masked[masks], masks, strict=True):
        yield Symbol(version, level, int(mask), modules)


def _fit(text: str, level: str, smallest: int) -> tuple[int, bytes]:
    """The smallest version from ``smallest`` on that holds ``text``, and its data codewords."""
    for version in range(smallest, _VERSIONS.stop):
        data = codewords(text, version, layout_of(version, level).capacity)
        if data is not None:
            return version, data
    raise CodeError(
        f"the text is too long for a QR symbol of version {_VERSIONS[-1]} at level {level}",
        field="text",
        type="label-invalid",
    )


def _batches(texts: Sequence[str], level: str) -> Iterator[tuple[int, list[bytes]]]:
    """Neighbours of one version, up to a batch's size."""
    version, batch = 0, list[bytes]()
    hint = 1
    for text in texts:
        fitted, data = _fit(text, level, hint)
        if fitted > 1 and fitted == hint:
            fitted, data = _smaller(text, level, fitted, data)
        if batch and (fitted != version or len(batch) == _BATCH):
            yield version, batch
            batch = []
        version = hint = fitted
        batch.append(data)
    if batch:
        yield version, batch


def _smaller(text: str, level: str, version: int, data: bytes) -> tuple[int, bytes]:
    """A guess that was right for the text before may be too large for this one."""
    while version > 1:
        smaller = codewords(text, version - 1, layout_of(version - 1, level).capacity)
        if smaller is None:
            break
        version, data = version - 1, smaller
    return version, data


def encode_many(texts: Sequence[str], level: str = "M") -> Iterator[Symbol]:
    """A symbol for each text, in order, each of the smallest version that holds it.

    Raises:
        CodeError: ``label-invalid``: a text does not fit, or the level is none of L, M, Q, H.
    """
    if level not in LEVELS:
        raise CodeError("a level is L, M, Q or H", field="level", type="label-invalid")
    for version, batch in _batches(texts, level):
        data = np.frombuffer(b"".join(batch), dtype=np.uint8).reshape(len(batch), -1)
        yield from _symbols(data, version, level)


def encode(text: str, level: str = "M") -> Symbol:
    """The smallest symbol for ``text``.

    Raises:
        CodeError: as ``encode_many``.
    """
    return next(encode_many([text], level))
