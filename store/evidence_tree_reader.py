"""Hashes of full subtrees out of stored tiles, for roots and proofs."""

from hashlib import sha256

from sqlalchemy import Connection

from evidence.errors import LogDamagedError
from evidence.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, Frontier, full_subtrees
from store.evidence_rows import read_hashes

_PAIR = 2 * HASH_BYTES


class TileReader:
    """Reads each tile once and keeps it, with the hashes over it.

    With a frontier, subtrees at the tree's right edge, which every proof needs, come from it.
    """

    def __init__(self, conn: Connection, frontier: Frontier | None = None) -> None:
        self._conn = conn
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
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
        heights = self._tiles.get((level, tile)) or self._read(level, tile)
        node = heights[rest][place * HASH_BYTES :][:HASH_BYTES] if rest < len(heights) else b""
        if len(node) != HASH_BYTES:
            raise LogDamagedError(f"hashes of tile {tile} of level {level} are missing")
        return node

    def _read(self, level: int, tile: int) -> list[bytes]:
        """The tile's hashes, and above them those of the full subtrees over them, by height."""
        start = tile * TILE_WIDTH
        heights = [read_hashes(self._conn, level, start, start + TILE_WIDTH)]
        while len(heights[-1]) >= _PAIR:
            heights.append(_parents(heights[-1]))
        self._tiles[level, tile] = heights
        return heights


def _parents(nodes: bytes) -> bytes:
    """``evidence.tree.parents`` of hashes behind one another; the last of an odd number has none.

    A tile comes and is kept in this form: cutting it up would take half as long as hashing it.
    """
    starts = range(0, len(nodes) - HASH_BYTES, _PAIR)
    hashes = [sha256(b"\x01" + nodes[start : start + _PAIR]).digest() for start in starts]
    return b"".join(hashes)
