"""The bus as a durable queue in a SQLite file: for one machine, no server, survives a restart."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from stream_processors.bus.packing import Bucket, PackingPublisher
from stream_processors.bus.port import BusRecord, BusUnavailableError

POLL_S = 0.2
"""How often a consumer looks for records that another process published."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    topic TEXT NOT NULL, offset INTEGER NOT NULL, key BLOB, value BLOB NOT NULL,
    PRIMARY KEY (topic, offset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS committed (
    consumer_group TEXT NOT NULL, topic TEXT NOT NULL, offset INTEGER NOT NULL,
    PRIMARY KEY (consumer_group, topic)) WITHOUT ROWID;
"""

_DROP = (
    "DELETE FROM records WHERE topic = ?1 "
    "AND offset <= (SELECT min(offset) FROM committed WHERE topic = ?1) "
    "AND offset < (SELECT max(offset) FROM records WHERE topic = ?1)"
)
"""What every group has acknowledged is stored elsewhere, and erased there in time. The last record
stays, so that offsets go on from it."""


class QueueFile:
    """One SQLite file; every statement in a thread, one at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self.published = asyncio.Event()
        with closing(self._connect()) as connection:
            connection.executescript(_SCHEMA)
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def append(self, topic: str, key: str, value: bytes) -> None:
        """Append a record; durable on return."""
        with self._lock:
            self._connection.execute(
                "INSERT INTO records SELECT ?1, coalesce(max(offset), -1) + 1, ?2, ?3 "
                "FROM records WHERE topic = ?1",
                (topic, key.encode(), value),
            )

    def read(self, topic: str, after: int, most: int) -> list[BusRecord]:
        """Records behind an offset."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT offset, key, value FROM records WHERE topic = ? AND offset > ? "
                "ORDER BY offset LIMIT ?",
                (topic, after, most),
            ).fetchall()
        return [BusRecord(topic, 0, offset, key, value) for offset, key, value in rows]

    def committed(self, group: str, topic: str) -> int:
        """The last offset that the group acknowledged; -1 before the first."""
        with self._lock:
            row = self._connection.execute(
                "SELECT offset FROM committed WHERE consumer_group = ? AND topic = ?",
                (group, topic),
            ).fetchone()
        return -1 if row is None else int(row[0])

    def commit(self, group: str, offsets: dict[str, int]) -> None:
        """Acknowledge up to these offsets, and drop what every group has acknowledged."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            for topic, offset in offsets.items():
                self._connection.execute(
                    "INSERT INTO committed VALUES (?1, ?2, ?3) "
                    "ON CONFLICT DO UPDATE SET offset = excluded.offset",
                    (group, topic, offset),
                )
                self._connection.execute(_DROP, (topic,))
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


class QueuePublisher(PackingPublisher):
    """``Publisher`` on a queue file, which has one partition a topic."""

    def __init__(self, file: QueueFile) -> None:
        super().__init__()
        self._file = file

    async def start(self) -> None:
        """Nothing to connect to."""

    async def partitions_of(self, topic: str, keys: Sequence[str]) -> list[int]:
        """There is only one."""
        return [0] * len(keys)

    async def send(self, bucket: Bucket, key: str, record: bytes) -> None:
        """Append, synced to disk."""
        try:
            await asyncio.to_thread(self._file.append, bucket.topic, key, record)
        except sqlite3.Error as error:
            raise BusUnavailableError(f"queue: {error}") from error
        self._file.published.set()

    async def close(self) -> None:
        """Send what waits."""
        await self.drain()


class QueueConsumer:
    """``Consumer`` on a queue file."""

    def __init__(self, file: QueueFile, group: str, topics: tuple[str, ...]) -> None:
        self._file = file
        self._group = group
        self._fetched = dict.fromkeys(topics, -1)

    async def start(self) -> None:
        """Go on where the group acknowledged last."""
        for topic in self._fetched:
            self._fetched[topic] = await asyncio.to_thread(
                self._file.committed, self._group, topic
            )

    async def fetch(self, *, wait_s: float, most: int) -> list[BusRecord]:
        """See ``Consumer.fetch``."""
        deadline = asyncio.get_running_loop().time() + wait_s
        while True:
            records = await self._read(most)
            left_s = deadline - asyncio.get_running_loop().time()
            if records or left_s <= 0:
                return records
            await self._wait(min(left_s, POLL_S))

    async def _read(self, most: int) -> list[BusRecord]:
        found: list[BusRecord] = []
        try:
            for topic, after in self._fetched.items():
                found += await asyncio.to_thread(self._file.read, topic, after, most - len(found))
                if len(found) >= most:
                    break
        except sqlite3.Error as error:
            raise BusUnavailableError(f"queue: {error}") from error
        for record in found:
            self._fetched[record.topic] = record.offset
        return found

    async def _wait(self, seconds: float) -> None:
        """Until somebody in this process publishes, or it is time to look again."""
        self._file.published.clear()
        try:
            await asyncio.wait_for(self._file.published.wait(), seconds)
        except TimeoutError:
            return

    async def commit(self) -> None:
        """Acknowledge everything fetched so far."""
        try:
            await asyncio.to_thread(self._file.commit, self._group, dict(self._fetched))
        except sqlite3.Error as error:
            raise BusUnavailableError(f"queue: {error}") from error

    async def close(self) -> None:
        """Nothing more is acknowledged."""
