"""Hashes of full subtrees out of stored tiles, for roots and proofs."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection

from evidence.errors import LogDamagedError
from evidence.tree import HALF_HEIGHT, HASH_BYTES, TILE_HEIGHT, Frontier, full_subtrees
from store.evidence_rows import Hashes, read_hashes

_PAIR = 2 * HASH_BYTES


class _Piece(NamedTuple):
    """Stored hashes of one height that lie side by side, below one full subtree: a tile, or, below
    the tiles of level 1, a half of one in height."""

    height: int
    number: int

    def hashes(self, pieces: int = 1) -> Hashes:
        """Where they are stored, and those of the pieces behind it."""
        start, span = self.number << _span(self.height), _span(self.height)
        level = self.height // TILE_HEIGHT if self.height else None
        return Hashes(level, start, start + (pieces << span))


class TileReader:
    """Reads each tile once and keeps it, with the hashes over it.

    With a frontier, subtrees at the tree's right edge, which every proof needs, come from it; and
    with a tile come those above it, which a proof needs next.
    """

    def __init__(self, conn: Connection, frontier: Frontier | None = None) -> None:
        self._conn = conn
        self._size = 0 if frontier is None else frontier.size
        self._stored: dict[_Piece, bytes] = {}
        self._heights: dict[_Piece, list[bytes]] = {}
        self._edge: dict[tuple[int, int], bytes] = {}
        if frontier is not None:
            edge = zip(full_subtrees(0, frontier.size), frontier.hashes, strict=True)
            self._edge = {(height, start >> height): node for (start, height), node in edge}

    def __call__(self, height: int, index: int) -> bytes:
        found = self._edge.get((height, index))
        if found is not None:
            return found
        bottom = height - height % (TILE_HEIGHT if height >= TILE_HEIGHT else HALF_HEIGHT)
        rest = height - bottom
        number, place = divmod(index, 1 << _span(bottom) - rest)
        piece = _Piece(bottom, number)
        node = _node(self._over(piece), rest, place)
        if not node and bottom == HALF_HEIGHT:
            node = _node(self._over_leaves(piece), rest, place)
        if not node:
            raise LogDamagedError(f"hash {index} of height {height} is missing")
        return node

    def _over(self, piece: _Piece) -> list[bytes]:
        """The piece's hashes, and above them those of the full subtrees over them, by height."""
        if piece not in self._heights:
            if piece not in self._stored:
                wanted = [piece, *self._above(piece)]
                found = read_hashes(self._conn, [one.hashes() for one in wanted])
                self._stored.update(zip(wanted, found, strict=True))
            hashes, low = self._stored.pop(piece), piece.height < TILE_HEIGHT
            self._heights[piece] = _heights(hashes) if low else heights_kept(hashes)
        return self._heights[piece]

    def _over_leaves(self, piece: _Piece) -> list[bytes]:
        """As :meth:`_over` of a piece that a log of before does not have: from its leaves."""
        leaves = _Piece(0, piece.number << HALF_HEIGHT).hashes(1 << HALF_HEIGHT)
        (found,) = read_hashes(self._conn, [leaves])
        self._heights[piece] = _heights(found)[HALF_HEIGHT:]
        return self._heights[piece]

    def _above(self, piece: _Piece) -> Iterator[_Piece]:
        """The pieces over this one that are not at hand."""
        while self._size >> piece.height + (span := _span(piece.height)):
            piece = _Piece(piece.height + span, piece.number >> _span(piece.height + span))
            if piece not in self._stored and piece not in self._heights:
                yield piece


def _span(height: int) -> int:
    """How much higher the root over a piece lies."""
    return TILE_HEIGHT if height >= TILE_HEIGHT else HALF_HEIGHT


def _node(heights: Sequence[bytes], rest: int, place: int) -> bytes:
    """A hash out of those of a piece; nothing where it is not there."""
    return heights[rest][place * HASH_BYTES :][:HASH_BYTES] if rest < len(heights) else b""


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
