"""Silence in a stream: ticks let a worker judge it, and it ends up with what a replay says."""

import random
from pathlib import Path

import pytest

from events.model import AnyEvent
from events.timed import timed
from events.wire import encode_event
from judging.units import judge_shipment, units_of
from rules.signal import as_json
from store.engine import open_engine, sqlite_url
from store.incoming import Incoming, incoming_of
from store.registry import load_rows
from store.schema import metadata
from store.stored_history import StoredHistory
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from tests.judging.test_silences import UNDER_WAY, WORLD, fix, step, tick
from tests.stream_processors.effective import EffectiveSet

LATER: list[AnyEvent] = [
    fix("p2", 14.0, 5.9), fix("p3", 14.2, 5.8, late_h=20.0), fix("p4", 40.0, 5.4),
    step("r", "receiving", 80.0),
]  # fmt: skip


class Stream:
    """One worker over one database."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(sqlite_url(folder / "db.sqlite"), durable=False)
        metadata.create_all(self.engine)
        with self.engine.begin() as connection:
            load_rows(connection, "world", WORLD.rows, now_us=0)
        state = SqliteState(folder / "state.sqlite")
        self._pipeline = Pipeline(self.engine, state, RegistrySource())
        self.effective = EffectiveSet()

    def take(self, events: list[AnyEvent]) -> None:
        batch: list[Incoming] = [incoming_of(timed(one), encode_event(one)) for one in events]
        done = self._pipeline.process(batch)
        self.effective.take(done.judgements)
        self._pipeline.keep(done)

    def replayed(self) -> list[dict[str, object]]:
        """What judging all that is stored says."""
        with self.engine.connect() as connection:
            drafts = judge_shipment("SH-2", StoredHistory(connection), WORLD).drafts
        units = units_of([("SH-2", draft) for draft in drafts], WORLD)
        found = {one.signal_id: one for unit in units for one in unit.signals}
        return [as_json(one) for one in sorted(found.values(), key=lambda one: one.order)]


def lasting(stream: Stream) -> int:
    return sum(bool(one["facts"].get("lasts")) for one in stream.effective.signals())  # type: ignore[attr-defined]


def test_a_tick_tells_of_silence_and_a_fix_that_comes_in_time_takes_it_back(
    tmp_path: Path,
) -> None:
    stream = Stream(tmp_path)
    stream.take(UNDER_WAY)
    stream.take([tick(9.0)])
    assert lasting(stream) == 0
    stream.take([tick(11.5)])
    assert lasting(stream) == 1
    stream.take([tick(30.0)])
    assert lasting(stream) == 2
    stream.take([fix("p2", 9.0, 5.7, late_h=24.0)])
    stream.take([tick(33.0)])
    assert stream.effective.signals() == stream.replayed()
    assert all("p1" not in one["input_ids"] or not one["facts"].get("lasts")  # type: ignore[attr-defined,operator]
               for one in stream.effective.signals())


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_fixes_and_ticks_ends_with_what_a_replay_says(
    tmp_path: Path, seed: int
) -> None:
    chance, stream = random.Random(seed), Stream(tmp_path)
    events: list[AnyEvent] = [*UNDER_WAY, *LATER, *(tick(hours) for hours in range(0, 90, 7))]
    if seed:
        chance.shuffle(events)
    while events:
        size = chance.choice([1, 2, 5])
        stream.take(events[:size])
        events = events[size:]
    stream.take([tick(100.0)])
    assert stream.effective.signals() == stream.replayed()
    assert lasting(stream) >= 2
