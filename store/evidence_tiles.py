"""The log as tlog-tiles files, written from its entries and rebuilt whenever they are wanted."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from evidence.checkpoint import Checkpoint
from evidence.note import Note
from evidence.tiles import Tile, bundle, tiles_of
from store.evidence_guard import replace_file
from store.evidence_log import EvidenceLog


def tile_bytes(log: EvidenceLog, conn: Connection, tile: Tile) -> bytes:
    """What is served for a tile or an entry bundle.

    Raises:
        LogDamagedError: an entry or hash that it needs is missing.
    """
    end = tile.start + tile.width
    if tile.level is None:
        return bundle([row.data for row in log.rows(conn, tile.start, end)])
    return b"".join(log.tile_hashes(conn, tile.level, tile.start, end))


def write_tiles(log: EvidenceLog, conn: Connection, note: Note, out: Path) -> Iterator[Path]:
    """Write the files of the tree that ``note`` signs; those that are right already stay.

    The checkpoint comes last, so that whoever reads it finds every tile that it needs.
    """
    size = Checkpoint.parse(note.text).size
    for tile in tiles_of(size):
        path, data = out / tile.path, tile_bytes(log, conn, tile)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, data, mode=0o644)
            yield path
    out.mkdir(parents=True, exist_ok=True)
    replace_file(out / "checkpoint", str(note).encode(), mode=0o644)
    yield out / "checkpoint"
