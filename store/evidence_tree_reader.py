"""Hashes of full subtrees out of stored tiles, for roots and proofs."""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection

from evidence.errors import LogDamagedError
from evidence.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Frontier, full_subtrees
from store.evidence_rows import read_tiles

_PAIR = 2 * HASH_BYTES


class TileReader:
    """Reads each tile once and keeps it, with the hashes over it.

    With a frontier, subtrees at the tree's right edge, which every proof needs, come from it; and
    with a tile come those above it, which a proof needs next.
    """

    def __init__(self, conn: Connection, frontier: Frontier | None = None) -> None:
        self._conn = conn
        self._size = 0 if frontier is None else frontier.size
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._heights: dict[tuple[int, int], list[bytes]] = {}
        self._edge: dict[tuple[int, int], bytes] = {}
        if frontier is not None:
            edge = zip(full_subtrees(0, frontier.size), frontier.hashes, strict=True)
            self._edge = {(height, start >> height): node for (start, height), node in edge}

    def __call__(self, height: int, index: int) -> bytes:
        found = self._edge.get((height, index))
        if found is not None:
            return found
        level, rest = divmod(height, TILE_HEIGHT)
        tile, place = divmod(index, TILE_WIDTH >> rest)
        heights = self._heights.get((level, tile)) or self._over(level, tile)
        node = heights[rest][place * HASH_BYTES :][:HASH_BYTES] if rest < len(heights) else b""
        if len(node) != HASH_BYTES:
            raise LogDamagedError(f"hashes of tile {tile} of level {level} are missing")
        return node

    def _over(self, level: int, tile: int) -> list[bytes]:
        """The tile's hashes, and above them those of the full subtrees over them, by height."""
        if (level, tile) not in self._tiles:
            wanted = [(level, tile), *self._above(level, tile)]
            self._tiles.update(zip(wanted, read_tiles(self._conn, wanted), strict=True))
        hashes = self._tiles.pop((level, tile))
        heights = heights_kept(hashes) if level else _heights(hashes)
        self._heights[level, tile] = heights
        return heights

    def _above(self, level: int, tile: int) -> Iterator[tuple[int, int]]:
        """The tiles over this one that are not at hand."""
        while self._size >> TILE_HEIGHT * (level + 1):
            level, tile = level + 1, tile // TILE_WIDTH
            if (level, tile) not in self._tiles and (level, tile) not in self._heights:
                yield level, tile


def _heights(hashes: bytes) -> list[bytes]:
    heights = [hashes]
    while len(heights[-1]) >= _PAIR:
        heights.append(_parents(heights[-1]))
    return heights


heights_kept = lru_cache(maxsize=256)(_heights)
"""Tiles above the leaves are few, and most proofs need the same ones: what is over such hashes is
computed once in a process (16 KiB a tile). It is kept by the hashes, so that it is never stale."""


def _parents(nodes: bytes) -> bytes:
    """``evidence.tree.parents`` of hashes behind one another; the last of an odd number has none.

    A tile comes and is kept in this form: cutting it up would take half as long as hashing it.
    """
    starts = range(0, len(nodes) - HASH_BYTES, _PAIR)
    hashes = [sha256(b"\x01" + nodes[start : start + _PAIR]).digest() for start in starts]
    return b"".join(hashes)
