"""Hot state in a SQLite file, which may be deleted at any time."""

import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

logger = logging.getLogger(__name__)


class SqliteState:
    """``HotState`` in a file that is not synced: losing it costs only folding again."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS hot (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID"
        )

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """See ``HotState.get``."""
        select = "SELECT value FROM hot WHERE key = ?"
        try:
            with self._lock:
                rows = [self._connection.execute(select, (key,)).fetchone() for key in keys]
        except sqlite3.Error as error:
            logger.warning("hot state is away, folding from stored events: %s", error)
            return [None] * len(keys)
        return [None if row is None else row[0] for row in rows]

    def put(self, values: Mapping[str, bytes]) -> None:
        """See ``HotState.put``."""
        try:
            with self._lock:
                self._connection.execute("BEGIN")
                self._connection.executemany(
                    "INSERT OR REPLACE INTO hot VALUES (?, ?)", list(values.items())
                )
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            logger.warning("hot state is away, not kept: %s", error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
