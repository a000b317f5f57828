"""Modules of a two-dimensional symbol, whichever symbology: with a quiet zone, as PNG, as SVG."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Modules = npt.NDArray[np.uint8]
"""Square array, 1 where a module is dark."""


def padded(modules: Modules, quiet_zone: int) -> Modules:
    """The modules with light ones around."""
    size = len(modules) + 2 * quiet_zone
    around = np.zeros((size, size), dtype=np.uint8)
    around[quiet_zone : size - quiet_zone, quiet_zone : size - quiet_zone] = modules
    return around


def _chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png_of(pixels: Modules, *, dots_per_mm: float | None = None) -> bytes:
    """Pixels (1 is black) as a PNG of one bit a pixel, with its resolution where that is given."""
    height, width = pixels.shape
    packed = np.packbits(1 - pixels, axis=1)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), packed], axis=1)
    chunks = [_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))]
    if dots_per_mm is not None:
        per_metre = round(dots_per_mm * 1000)
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)))
    chunks += [_chunk(b"IDAT", zlib.compress(lines.tobytes(), 1)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def runs(modules: Modules) -> Iterator[tuple[int, int, int]]:
    """The dark modules as horizontal runs: column, row, length."""
    edges = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    return zip(starts.tolist(), rows.tolist(), (ends - starts).tolist(), strict=True)


def svg_path(modules: Modules) -> str:
    """The dark modules as an SVG path, a subpath for each horizontal run."""
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs(modules))
