import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulator.errors import SimulationError
from simulator.stream import lines, offset_to, paced, shift_recording, shifted
from tests.simulator.worlds import World, read_world


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_pacing_hands_out_everything_in_order_in_about_the_time_wished() -> None:
    fake, given = FakeTime(), list[tuple[float, list[bytes]]]()
    events = [str(number).encode() for number in range(1000)]

    async def play() -> None:
        async for batch in paced(iter(events), 1000, 20, clock=fake.clock, sleep=fake.sleep):
            given.append((fake.now_s, batch))

    asyncio.run(play())
    assert [event for _, batch in given for event in batch] == events
    assert 19.5 <= fake.now_s - 100 <= 20.5
    assert max(len(batch) for _, batch in given) <= 10


def test_a_slow_taker_gets_larger_batches_and_ends_in_time() -> None:
    fake, sizes = FakeTime(), list[int]()

    async def play() -> None:
        events = [b"x"] * 1000
        async for batch in paced(events, 1000, 20, clock=fake.clock, sleep=fake.sleep):
            sizes.append(len(batch))
            fake.now_s += 2

    asyncio.run(play())
    assert sum(sizes) == 1000
    assert max(sizes) > 50
    assert fake.now_s - 100 < 25


def test_a_shifted_document_keeps_forms_and_offsets() -> None:
    line = (
        b'{"kind":"scan","event_id":"e","received_at":"2026-02-09T19:38:10.618Z",'
        b'"scanned_at":"2026-02-09T12:38:10-07:00","event":{"eventTime":"2026-02-28T23:00:00+00:00"}}'
    )
    moved = json.loads(shifted(line, timedelta(days=1, hours=2)))
    assert moved["received_at"] == "2026-02-10T21:38:10.618Z"
    assert moved["scanned_at"] == "2026-02-10T14:38:10-07:00"
    assert moved["event"]["eventTime"] == "2026-03-02T01:00:00+00:00"
    assert moved["event_id"] == "e"


def test_a_shift_and_its_inverse_change_nothing(standard: World) -> None:
    by = timedelta(days=100, seconds=7)
    for line in list(lines(standard.folder / "events.jsonl"))[:300]:
        assert shifted(shifted(line, by), -by) == line


def test_a_shifted_recording_ends_now_and_is_one(standard: World, tmp_path: Path) -> None:
    now = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    by = offset_to(standard.folder, now)
    shift_recording(standard.folder, tmp_path, by)
    world = read_world(tmp_path)
    assert timedelta(0) <= now - world.events[-1].received_at < timedelta(seconds=1)
    assert world.head.to - standard.head.to == by
    before, after = standard.registry["permits"][0], world.registry["permits"][0]
    assert after.valid_from - before.valid_from == by


def test_a_recording_without_events_has_no_last_one(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(b"\n")
    with pytest.raises(SimulationError, match="no events"):
        offset_to(tmp_path, datetime(2031, 1, 1, tzinfo=UTC))
