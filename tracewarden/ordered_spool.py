"""Bodies on disk, put down in any order and read in that of a time and two keys."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from weakref import finalize

AT_ONCE = 1000


class Placed(NamedTuple):
    """A body and its place in the order."""

    at_us: int
    first: str
    second: str
    body: bytes


class OrderedSpool:
    """A private database on disk that goes with its owner; memory holds one batch."""

    def __init__(self) -> None:
        # SQLite's name for a database of its own: kept in a file as it grows, never seen by others.
        self._connection = sqlite3.connect("", isolation_level=None)
        finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute(
            "CREATE TABLE bodies (at_us INTEGER, first TEXT, second TEXT, body BLOB)"
        )

    def put(self, rows: Iterable[Placed]) -> None:
        """Keep them."""
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO bodies VALUES (?, ?, ?, ?)", rows)
        self._connection.execute("COMMIT")

    def __iter__(self) -> Iterator[Placed]:
        """All of them, in order."""
        rows = self._connection.execute("SELECT * FROM bodies ORDER BY at_us, first, second")
        while batch := rows.fetchmany(AT_ONCE):
            yield from map(Placed._make, batch)
