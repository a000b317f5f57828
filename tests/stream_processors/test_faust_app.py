"""Under Faust: only what was handled is acknowledged, and what stands still or fails ends."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from stream_processors import faust_app
from stream_processors.bus.port import BusRecord
from stream_processors.faust_app import AckGuard, CommitLag, StreamWorker


class Ended(BaseException):
    """What ``os._exit`` does to the process that calls it."""


def end(code: int) -> None:
    raise Ended(code)


class Consumer(SimpleNamespace):
    """As much of Faust's consumer as the watchdog and the guard look at."""

    def assignment(self) -> set[str]:
        return set(self._read_offset)


class App:
    """As much of a Faust app as a worker registers with."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer

    def topic(self, name: str, **_options: Any) -> str:
        return name

    def agent(self, _channel: Any, **_options: Any) -> Any:
        return lambda function: function

    def task(self, _function: Any) -> None:
        """Started by the tests themselves."""


class Handler:
    """A worker that is as busy, and fails, as a test says."""

    def __init__(self, busy_s: float = 0.0, fault: Exception | None = None) -> None:
        self._busy_s = busy_s
        self._fault = fault
        self.handled: list[BusRecord] = []
        self.batches: list[int] = []

    def busy_for(self, now: float) -> float:
        return self._busy_s

    async def handle(self, records: list[BusRecord]) -> None:
        if self._fault is not None:
            raise self._fault
        self.handled += records
        self.batches.append(len(records))


class Publisher:
    async def start(self) -> None:
        """Connected."""


def accepting(acked: list[Any]) -> Any:
    def ack(message: Any) -> bool:
        acked.append(message)
        return True

    return ack


def consumer(*, read: int | None = 5, committed: int | None = 6) -> Consumer:
    acked: list[Any] = []
    return Consumer(
        _read_offset={"p": read},
        _committed_offset={"p": committed},
        acked=acked,
        ack=accepting(acked),
    )


def stream_worker(seen: Consumer, handler: Handler) -> StreamWorker:
    made: Any = StreamWorker
    found: StreamWorker = made(
        App(seen), handler, Publisher(), retry_limit_s=1, commit_lag_limit_s=30, end=end
    )
    return found


def event(seen: Consumer, offset: int = 7) -> Any:
    message = SimpleNamespace(
        topic="scans", partition=0, offset=offset, key=b"k", value=b"v", tp="p"
    )
    return SimpleNamespace(message=message, ack=lambda: seen.ack(message))


def test_only_what_was_handled_is_acknowledged_and_only_once() -> None:
    acked: list[Any] = []
    guard = AckGuard(accepting(acked))
    message = SimpleNamespace(tp="p", offset=7)
    assert not guard(message)
    guard.handled.add(("p", 7))
    assert guard(message)
    assert not guard(message)
    assert acked == [message]


def test_a_record_is_acknowledged_after_it_was_handled() -> None:
    seen, handler = consumer(), Handler()
    worker = stream_worker(seen, handler)
    asyncio.run(worker._take([event(seen)]))
    assert handler.handled == [BusRecord("scans", 0, 7, b"k", b"v")]
    assert isinstance(seen.ack, AckGuard)
    assert len(seen.acked) == 1


class Stream:
    """As much of Faust's stream as an agent looks at: events, some of which lie at hand."""

    def __init__(self, seen: Consumer, groups: list[int]) -> None:
        self._seen = seen
        self._groups = groups
        self._at_hand = 0
        self.channel = SimpleNamespace(queue=SimpleNamespace(empty=lambda: self._at_hand == 0))

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        offsets = itertools.count()
        for size in self._groups:
            for self._at_hand in reversed(range(size)):
                yield event(self._seen, next(offsets))


def test_records_that_wait_are_handled_together_and_each_is_acknowledged() -> None:
    seen, handler = consumer(), Handler()
    worker = stream_worker(seen, handler)

    async def drained() -> None:
        async for _ in worker._agent(Stream(seen, [1, 3, 9])):
            pass

    asyncio.run(drained())
    assert handler.batches == [1, 3, 8, 1]
    assert [record.offset for record in handler.handled] == list(range(13))
    assert [message.offset for message in seen.acked] == list(range(13))


def test_a_fault_ends_the_process_and_acknowledges_nothing() -> None:
    seen = consumer()
    worker = stream_worker(seen, Handler(fault=RuntimeError("a fault of the code")))
    with pytest.raises(Ended, match=str(faust_app.FATAL_EXIT)):
        asyncio.run(worker._take([event(seen)]))
    assert seen.acked == []


def test_a_commit_that_stands_still_behind_its_reader_counts_from_when_it_stopped() -> None:
    lag, seen = CommitLag(), consumer(read=9, committed=5)
    assert lag.seconds(seen, 100.0) == 0
    assert lag.seconds(seen, 110.0) == 10
    seen._committed_offset["p"] = 7
    assert lag.seconds(seen, 120.0) == 0
    assert lag.seconds(seen, 125.0) == 5
    seen._committed_offset["p"] = 10
    assert lag.seconds(seen, 200.0) == 0


@pytest.mark.parametrize(
    ("seen", "busy_s"),
    [(consumer(), 31.0), (consumer(read=9, committed=None), 0.0)],
    ids=["records in hand", "records read and not committed"],
)
def test_the_watchdog_ends_a_worker_that_commits_nothing(
    seen: Consumer, busy_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(0, 10_000, 20))
    monkeypatch.setattr(faust_app, "WATCH_EVERY_S", 0.0)
    monkeypatch.setattr(faust_app, "time", SimpleNamespace(monotonic=lambda: float(next(now))))
    with pytest.raises(Ended, match=str(faust_app.WATCHDOG_EXIT)):
        asyncio.run(stream_worker(seen, Handler(busy_s))._watch())


def test_the_watchdog_lets_a_worker_go_on_that_keeps_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust_app, "WATCH_EVERY_S", 0.001)

    async def watched() -> None:
        await asyncio.wait_for(stream_worker(consumer(), Handler())._watch(), 0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(watched())
