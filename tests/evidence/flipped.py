"""Bits flipped one at a time, and databases so small that each bit can have its turn."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path


def each_flipped(data: bytes, step: int = 1) -> Iterator[tuple[int, bytes]]:
    """Each ``step``-th bit of the bytes, by its number, and the bytes with it flipped."""
    for bit in range(0, 8 * len(data), step):
        bent = bytearray(data)
        bent[bit // 8] ^= 1 << bit % 8
        yield bit, bytes(bent)


def shrink_pages(database: Path) -> None:
    """Give a closed SQLite file pages of 512 bytes in place of 4,096: the same trees in less."""
    with closing(sqlite3.connect(database, isolation_level=None)) as conn:
        for pragma in ("journal_mode=DELETE", "page_size=512"):
            conn.execute(f"PRAGMA {pragma}")
        conn.execute("VACUUM")
        conn.execute("PRAGMA journal_mode=WAL")
