"""QR symbols (ISO/IEC 18004) as arrays of modules, many at a time, and as PNG, SVG and text.

Tables and function patterns come from the ``qrcode`` package; placing the bits and choosing the
mask is done here for whole batches, on rows packed into 64-bit words, since the package's way is
too slow for a production line. That bounds symbols to version 11, 61 modules.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import qrcode
import qrcode.base
import qrcode.util

from codes.errors import CodeError
from codes.qr_segments import codewords

Modules = npt.NDArray[np.uint8]
"""Square array, 1 where a module is dark."""

Words = npt.NDArray[np.uint64]
_Bytes = npt.NDArray[np.uint8]

QUIET_ZONE = 4
"""Light modules that ISO/IEC 18004 asks for around a symbol."""

_VERSIONS = range(1, 12)
_LEVELS = {"L": 1, "M": 0, "Q": 3, "H": 2}
_BATCH = 64
_FINDER_LIKE = (0b10111010000, 0b00001011101)


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


@dataclass(frozen=True, eq=False)
class _Layout:
    """What all symbols of one version and level have in common."""

    block_sizes: tuple[int, ...]
    parity: _Bytes  # (data codewords, parity codewords): what each data byte 1 adds
    order: npt.NDArray[np.intp]  # where the interleaved codewords come from
    places: npt.NDArray[np.intp]  # flat module of each bit
    masked: _Bytes  # (8, n, n): function patterns, and in the data area the mask
    rows: Words  # the same, packed by rows
    columns: Words  # and by columns

    @property
    def capacity(self) -> int:
        """Data codewords."""
        return sum(self.block_sizes)


@lru_cache(maxsize=1)
def _products() -> _Bytes:
    """The multiplication table of GF(256) with the polynomial 0x11D."""
    exponent = np.array([qrcode.base.gexp(power) for power in range(255)], dtype=np.uint8)
    logarithm = np.zeros(256, dtype=np.intp)
    logarithm[exponent] = np.arange(255)
    table: _Bytes = exponent[(logarithm[:, None] + logarithm[None, :]) % 255]
    table[0, :] = table[:, 0] = 0
    return table


def _parity_rows(data: int, parity: int) -> _Bytes:
    """The Reed-Solomon remainder of each single data byte with value 1."""
    products = _products()
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


def _pack(modules: Modules) -> Words:
    """Rows of up to 64 modules as words, the first module in the highest bit."""
    width = modules.shape[-1]
    padded = np.zeros((*modules.shape[:-1], 64), dtype=np.uint8)
    padded[..., :width] = modules
    packed = np.packbits(padded, axis=-1).view(">u8")[..., 0]
    return packed.astype(np.uint64)


def _template(version: int, level: str, mask: int) -> list[list[bool | None]]:
    """Function patterns and format information; ``None`` where data go."""
    code = qrcode.QRCode(version=version, error_correction=_LEVELS[level])
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
def _layout(version: int, level: str) -> _Layout:
    blocks = [
        (block.data_count, block.total_count - block.data_count)
        for block in qrcode.base.rs_blocks(version, _LEVELS[level])
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
    return _Layout(
        block_sizes=tuple(data for data, _ in blocks),
        parity=_parity_rows(longest, blocks[0][1]),
        order=np.array(order, dtype=np.intp),
        places=places,
        masked=masked,
        rows=_pack(masked),
        columns=_pack(masked.transpose(0, 2, 1)),
    )


def _with_parity(data: _Bytes, layout: _Layout) -> _Bytes:
    """Data codewords (batch, capacity) with their parity, interleaved as they are placed."""
    products, longest = _products(), len(layout.parity)
    parts, start = [data], 0
    for size in layout.block_sizes:
        block = data[:, start : start + size]
        terms = products[block[:, :, None], layout.parity[None, longest - size :]]
        parts.append(np.bitwise_xor.reduce(terms, axis=1))
        start += size
    return np.concatenate(parts, axis=1)[:, layout.order]


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


def _best_masks(plain: Modules, layout: _Layout) -> npt.NDArray[np.intp]:
    """The mask of least penalty for each of a batch of unmasked symbols."""
    size = plain.shape[-1]
    rows = _pack(plain)[:, None, :] ^ layout.rows
    columns = _pack(plain.transpose(0, 2, 1))[:, None, :] ^ layout.columns
    penalty = _line_penalty(rows, size) + _line_penalty(columns, size) + _block_penalty(rows, size)
    best: npt.NDArray[np.intp] = penalty.argmin(axis=1)
    return best


def _symbols(data: _Bytes, version: int, level: str) -> Iterator[Symbol]:
    layout = _layout(version, level)
    size = 17 + 4 * version
    flat = np.zeros((len(data), size * size), dtype=np.uint8)
    flat[:, layout.places] = np.unpackbits(_with_parity(data, layout), axis=1)
    plain: Modules = flat.reshape(-1, size, size)
    masks = _best_masks(plain, layout)
    for modules, mask in zip(plain ^ layout.masked[masks], masks, strict=True):
        yield Symbol(version, level, int(mask), modules)


def _fit(text: str, level: str, smallest: int) -> tuple[int, bytes]:
    """The smallest version from ``smallest`` on that holds ``text``, and its data codewords."""
    for version in range(smallest, _VERSIONS.stop):
        data = codewords(text, version, _layout(version, level).capacity)
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
        smaller = codewords(text, version - 1, _layout(version - 1, level).capacity)
        if smaller is None:
            break
        version, data = version - 1, smaller
    return version, data


def encode_many(texts: Sequence[str], level: str = "M") -> Iterator[Symbol]:
    """A symbol for each text, in order, each of the smallest version that holds it.

    Raises:
        CodeError: ``label-invalid``: a text does not fit, or the level is none of L, M, Q, H.
    """
    if level not in _LEVELS:
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


def padded(modules: Modules, quiet_zone: int) -> Modules:
    """The modules with light ones around."""
    size = len(modules) + 2 * quiet_zone
    around = np.zeros((size, size), dtype=np.uint8)
    around[quiet_zone : size - quiet_zone, quiet_zone : size - quiet_zone] = modules
    return around


def with_quiet_zone(symbol: Symbol, quiet_zone: int = QUIET_ZONE) -> Modules:
    """The symbol's modules with light ones around."""
    return padded(symbol.modules, quiet_zone)


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


def png(symbol: Symbol, *, dots: int = 8, quiet_zone: int = QUIET_ZONE) -> bytes:
    """The symbol as a PNG, each module ``dots`` pixels wide."""
    modules = with_quiet_zone(symbol, quiet_zone)
    return png_of(modules.repeat(dots, axis=0).repeat(dots, axis=1))


def runs(modules: Modules) -> Iterator[tuple[int, int, int]]:
    """The dark modules as horizontal runs: column, row, length."""
    edges = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    return zip(starts.tolist(), rows.tolist(), (ends - starts).tolist(), strict=True)


def svg_path(modules: Modules) -> str:
    """The dark modules as an SVG path, a subpath for each horizontal run."""
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs(modules))


def svg(symbol: Symbol, *, module_mm: float = 0.5, quiet_zone: int = QUIET_ZONE) -> bytes:
    """The symbol as an SVG of its printed size."""
    modules = with_quiet_zone(symbol, quiet_zone)
    size = len(modules)
    side_mm = f"{size * module_mm:g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side_mm}" height="{side_mm}" '
        f'viewBox="0 0 {size} {size}"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path d="{svg_path(modules)}"/></svg>\n'
    ).encode()


def terminal(symbol: Symbol, *, quiet_zone: int = 2) -> str:
    """The symbol as lines of half blocks, two modules a character, for a dark terminal."""
    light = 1 - with_quiet_zone(symbol, quiet_zone)
    if len(light) % 2:
        light = np.vstack([light, np.zeros((1, light.shape[1]), dtype=np.uint8)])
    glyphs = np.array([" ", "▄", "▀", "█"])
    return "\n".join("".join(line) for line in glyphs[light[::2] * 2 + light[1::2]])
