"""A worker that gets hardly anything but bad events halts instead of draining its topic."""

import asyncio
from typing import Any

import pytest

from events.wire import encode_record
from stream_processors.bus.port import BusRecord
from stream_processors.pipeline import Processed
from stream_processors.topics import DEAD_LETTERS
from stream_processors.worker import TooManyDeadLettersError, Worker


class Pipeline:
    """Finds nothing."""

    def process(self, incoming: Any) -> Processed:
        return Processed([], {}, [])

    def keep(self, processed: Processed) -> None:
        """Nothing to keep."""


class Publisher:
    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []

    async def publish(self, topic: str, events: Any) -> None:
        self.published += [(topic, value) for _, value in events]


def worker(publisher: Publisher) -> Worker:
    made: Any = Worker
    found: Worker = made(Pipeline(), publisher, retry_limit_s=1, dead_letter_limit=0.5)
    return found


def record(good: int, bad: int) -> BusRecord:
    line = (
        b'{"kind":"position","event_id":"p%d","received_at":"2026-05-01T00:00:00Z",'
        b'"tracker_id":"t","fixed_at":"2026-05-01T00:00:00Z","lon":1,"lat":5,"accuracy_m":5}'
    )
    events = [line % number for number in range(good)] + [b'{"kind":"no such thing"}'] * bad
    return BusRecord("positions", 0, 0, None, encode_record(events))


def test_bad_events_become_dead_letters_while_most_are_good() -> None:
    publisher = Publisher()
    asyncio.run(worker(publisher).handle([record(good=120, bad=60)]))
    assert [topic for topic, _ in publisher.published] == [DEAD_LETTERS] * 60


def test_a_worker_halts_where_most_events_are_bad_and_writes_none_off() -> None:
    publisher = Publisher()
    with pytest.raises(TooManyDeadLettersError, match="67%"):
        asyncio.run(worker(publisher).handle([record(good=60, bad=120)]))
    assert publisher.published == []


def test_a_few_bad_events_after_a_start_say_nothing_yet() -> None:
    publisher = Publisher()
    asyncio.run(worker(publisher).handle([record(good=0, bad=40)]))
    assert len(publisher.published) == 40


def test_a_worker_says_for_how_long_it_has_had_records_in_hand() -> None:
    assert worker(Publisher()).busy_for(5.0) == 0.0
