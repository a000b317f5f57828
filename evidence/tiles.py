"""C2SP tlog-tiles: which files a tree of some size consists of, and how entries are bundled."""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.errors import LogDamagedError
from evidence.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH

_LENGTH = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes ``[start, start + width)`` of a tile level; the level ``None`` bundles entries."""

    level: int | None
    position: int
    width: int

    @property
    def start(self) -> int:
        """Index, within its level, of the tile's first hash or entry."""
        return self.position * TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is served below the log's prefix."""
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{position_path(self.position)}{partial}"


def position_path(position: int) -> str:
    """A tile's number as path elements of three digits, all but the last behind an ``x``.

    >>> position_path(1234067)
    'x001/x234/067'
    """
    elements = [f"{position % 1000:03}"]
    while position >= 1000:
        position //= 1000
        elements.insert(0, f"x{position % 1000:03}")
    return "/".join(elements)


_PATH = re.compile(
    r"(?P<level>0|[1-9]|[1-5][0-9]|6[0-3]|entries)/(?P<position>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)


def parse_path(path: str) -> Tile | None:
    """The tile that a path behind ``tile/`` names; none where the path has not its one spelling.

    >>> parse_path("0/x001/x234/067.p/8")
    Tile(level=0, position=1234067, width=8)
    >>> parse_path("0/x000/001") is None
    True
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    position = int(re.sub("[x/]", "", match["position"]))
    if position_path(position) != match["position"]:
        return None
    level = None if match["level"] == "entries" else int(match["level"])
    return Tile(level, position, int(match["width"] or TILE_WIDTH))


def stands_in(tile: Tile, size: int) -> bool:
    """Whether a tree of ``size``, or an earlier one, has the tile."""
    return tile.start + tile.width <= size >> TILE_HEIGHT * (tile.level or 0)


def tiles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """The tiles and entry bundles of a tree, without those that a tree of ``since`` had as well."""
    for position, width in _level(size, since):
        yield Tile(None, position, width)
    level = 0
    while size:
        yield from (Tile(level, position, width) for position, width in _level(size, since))
        size, since, level = size // TILE_WIDTH, since // TILE_WIDTH, level + 1


def _level(size: int, since: int) -> Iterator[tuple[int, int]]:
    full, rest = divmod(size, TILE_WIDTH)
    yield from ((position, TILE_WIDTH) for position in range(since // TILE_WIDTH, full))
    if rest and size > since:
        yield full, rest


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle: each behind its length as big-endian uint16."""
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        LogDamagedError: it ends within an entry.
    """
    entries, place = [], 0
    while place < len(data):
        end = place + _LENGTH.size
        if end <= len(data):
            end += _LENGTH.unpack_from(data, place)[0]
        if end > len(data):
            raise LogDamagedError("an entry bundle ends within an entry")
        entries.append(data[place + _LENGTH.size : end])
        place = end
    return entries


def hashes_of(tile: bytes) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        LogDamagedError: it ends within a hash.
    """
    if len(tile) % HASH_BYTES:
        raise LogDamagedError("a tile ends within a hash")
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]
