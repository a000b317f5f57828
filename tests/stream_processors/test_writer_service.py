"""The writer as a service: committed, then signed and published, then acknowledged."""

from pathlib import Path

import msgspec
import pytest

from events.wire import encode_record
from evidence.entry import Entry
from store.engine import open_engine, sqlite_url
from store.evidence_guard import Guard
from store.evidence_log import EvidenceLog
from store.evidence_publishing import published
from store.evidence_service import signing
from store.migrations import migrate
from store.transactions import reading
from stream_processors.bus.port import BusRecord
from stream_processors.topics import SIGNALS
from stream_processors.writer import Writer
from stream_processors.writer_service import WriterService
from tests.stream_processors.test_writer import judged


class Bus:
    """One record waits; how much of the log was published is noted when it is acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(sqlite_url(folder / "db.sqlite"))
        migrate(self.engine)
        value = encode_record([msgspec.json.encode(judged(1, 1, 1, 2))])
        self.waiting = [BusRecord(SIGNALS, 0, 0, None, value)]
        self.published_at_commit: list[int | None] = []

    async def start(self) -> None:
        """Nothing to join."""

    async def close(self) -> None:
        """Nothing to leave."""

    async def fetch(self, *, wait_s: float, most: int) -> list[BusRecord]:
        """The record, once."""
        found, self.waiting = self.waiting, []
        return found

    async def commit(self) -> None:
        """Acknowledged."""
        self.published_at_commit.append(self.shown())

    async def publish(self, topic: str, events: object) -> None:
        """Nobody publishes here."""
        raise AssertionError(topic)

    def shown(self) -> int | None:
        with reading(self.engine) as conn:
            found = published(conn)
        return None if found is None else found.size


async def test_what_is_acknowledged_is_signed_and_published(tmp_path: Path) -> None:
    bus = Bus(tmp_path)
    with signing(bus.engine, tmp_path / "private", "o.example/log") as log:
        writer = Writer(bus.engine, lambda: 1)
        service = WriterService(writer, log, bus, bus, gather=int, remind=int, retry_limit_s=1)
        writer.start()
        assert await service.step() == 1
        assert bus.published_at_commit == [2]
        with bus.engine.begin() as conn:
            EvidenceLog().append(conn, [Entry(None, {"kind": "of-somebody-else"})])
        assert await service.step() == 0
        assert bus.shown() == 3
    bus.engine.dispose()


async def test_what_could_not_be_signed_is_not_acknowledged_and_ends_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = Bus(tmp_path)
    calls: list[int] = []

    def fails(*_: object) -> None:
        calls.append(1)
        raise OSError(5, "Input/output error")

    with signing(bus.engine, tmp_path / "private", "o.example/log") as log:
        writer = Writer(bus.engine, lambda: 1)
        writer.start()
        monkeypatch.setattr(Guard, "swap", fails)
        with pytest.raises(OSError, match="Input/output"):
            await WriterService(
                writer, log, bus, bus, gather=int, remind=int, retry_limit_s=60
            ).step()
    assert (len(calls), bus.published_at_commit, bus.shown()) == (1, [], 0)
    bus.engine.dispose()
