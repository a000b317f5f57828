"""Hashes of full subtrees out of stored tiles, for roots and proofs."""

from sqlalchemy import Connection

from evidence.errors import LogDamagedError
from evidence.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, parents
from store.evidence_rows import read_hashes


class TileReader:
    """Reads each tile once and keeps it; hashes above a tile's own are made when first asked for.

    A proof asks for a few subtrees of each tile, most of them small.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._made: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        found = self._made.get((height, index))
        return self._make(height, index) if found is None else found

    def _make(self, height: int, index: int) -> bytes:
        """Hash the subtree from its tile, keeping all hashes on the way."""
        level, rest = divmod(height, TILE_HEIGHT)
        tile, place = divmod(index, TILE_WIDTH >> rest)
        start = place << rest
        stored = self._tile(level, tile)[start * HASH_BYTES : (start + (1 << rest)) * HASH_BYTES]
        if len(stored) != HASH_BYTES << rest:
            raise LogDamagedError(f"hashes of tile {tile} of level {level} are missing")
        nodes = [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)]
        for above in range(1, rest + 1):
            nodes = parents(nodes)
            first = index << (rest - above)
            for n, node in enumerate(nodes):
                self._made[height - rest + above, first + n] = node
        return nodes[0]

    def _tile(self, level: int, tile: int) -> bytes:
        if (level, tile) not in self._tiles:
            start = tile * TILE_WIDTH
            self._tiles[level, tile] = read_hashes(self._conn, level, start, start + TILE_WIDTH)
        return self._tiles[level, tile]
