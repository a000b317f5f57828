"""Hot state in a SQLite file, which may be deleted at any time."""

import logging
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

logger = logging.getLogger(__name__)

KEEP_S = 14 * 86_400
"""What nobody asked for in two weeks is dropped; it can be folded again, and may hold a place."""

SWEEP_S = 86_400

class SqliteState:
    """``HotState`` in a file that is not synced: losing it costs only folding again."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("DROP TABLE IF EXISTS hot")  # of a form that kept for ever
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS hot_state "
            "(key TEXT PRIMARY KEY, value BLOB, kept_s INTEGER) WITHOUT ROWID"
        )
        self._next_sweep_s = 0.0

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """See ``HotState.get``."""
        select = "SELECT value FROM hot_state WHERE key = ?"
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
                now_s = time.time()
                self._connection.execute("BEGIN")
                self._connection.executemany(
                    "INSERT OR REPLACE INTO hot_state VALUES (?, ?, ?)",
                    [(key, value, int(now_s)) for key, value in values.items()],
                )
                if now_s >= self._next_sweep_s:
                    old = (int(now_s) - KEEP_S,)
                    self._connection.execute("DELETE FROM hot_state WHERE kept_s < ?", old)
                    self._next_sweep_s = now_s + SWEEP_S
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            logger.warning("hot state is away, not kept: %s", error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
