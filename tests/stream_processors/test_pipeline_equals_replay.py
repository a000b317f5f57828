"""A stream and a replay agree, however events arrive: shuffled, doubled, in batches of any size."""

import json
import random
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine

from events.timed import timed
from events.wire import decode_event
from registry.recording import read_registry
from simulator.wish import Wish
from simulator.world import simulate_world
from store.engine import open_engine, sqlite_url
from store.incoming import Incoming, incoming_of
from store.registry import load_rows
from store.schema import metadata
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from tests.stream_processors.effective import EffectiveSet
from tracewarden.replay import replay


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "recording"
    simulate_world(Wish(seed=7, items=400, difficulty="hard"), folder)
    return folder


@cache
def expected(recording: Path) -> list[dict[str, object]]:
    head, rows = read_registry(recording)
    return [json.loads(line) for line in replay(recording, head, rows).signals]


def database(folder: Path, recording: Path) -> Engine:
    engine = open_engine(sqlite_url(folder / "db.sqlite"), durable=False)
    metadata.create_all(engine)
    head, rows = read_registry(recording)
    with engine.begin() as connection:
        load_rows(connection, head.name, rows, now_us=0)
    return engine


def events_of(recording: Path) -> list[Incoming]:
    lines = (recording / "events.jsonl").read_bytes().splitlines()
    return [incoming_of(timed(decode_event(line)), line) for line in lines]


@pytest.mark.parametrize("seed", range(4))
def test_any_order_batches_doubles_and_lost_state_give_what_replay_gives(
    recording: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    events = events_of(recording)
    events += chance.sample(events, len(events) // 10)
    if seed:
        chance.shuffle(events)
    engine = database(tmp_path, recording)
    state = SqliteState(tmp_path / "state.sqlite")
    # One decodes territories itself, the other maps what is kept on disk.
    sources = RegistrySource(), RegistrySource(tmp_path / "index")
    pipelines = [Pipeline(engine, state, source) for source in sources]
    effective = EffectiveSet()
    position = 0
    while position < len(events):
        size = chance.choice([1, 3, 40, 200])
        processed = chance.choice(pipelines).process(events[position : position + size])
        effective.take(processed.judgements)
        if chance.random() < 0.9:
            chance.choice(pipelines).keep(processed)
        position += size
    assert effective.signals() == expected(recording)
    assert len(expected(recording)) > 20
