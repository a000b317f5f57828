"""A service for the tests of bundles: a simulated world, judged and signed, without a process."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from events.timed import timed
from events.wire import decode_event
from registry import Registry
from registry.recording import read_registry
from simulator.world import Wish, simulate_world
from store.alert_views import AlertFilter, AlertRow, newest_alerts
from store.engine import open_engine, sqlite_url
from store.events import incoming_of
from store.migrations import migrate
from store.registry import load_rows
from stream_processors.messages import decode_judgement, encode_judgement
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from stream_processors.writer import Writer
from tracewarden.service import registry_reader


@dataclass(frozen=True)
class Stored:
    """What an export reads: see ``api.services.Records``."""

    engine: Engine
    registry: Callable[[], Registry]
    clock: Callable[[], datetime]

    def alerts(self, rule: str) -> list[AlertRow]:
        """Alerts of a rule that hold."""
        return newest_alerts(self.engine, AlertFilter(rules=(rule,)), 100)


def judged_world(folder: Path, *, seed: int = 7, items: int = 400) -> Stored:
    """The embedded set's database in ``folder``, with a hard little world judged in it."""
    folder.mkdir(parents=True, exist_ok=True)
    recording = folder.with_name(f"{folder.name}-recording")
    simulate_world(Wish(seed=seed, items=items, difficulty="hard"), recording)
    engine = open_engine(sqlite_url(folder / "tracewarden.sqlite"), durable=False)
    migrate(engine)
    head, rows = read_registry(recording)
    with engine.begin() as connection:
        load_rows(connection, head.name, rows, now_us=0)
    pipeline = Pipeline(engine, SqliteState(folder / "state.sqlite"), RegistrySource())
    writer = Writer(engine, lambda: 1_790_000_000_000_000, os.urandom)
    writer.start()
    lines = (recording / "events.jsonl").read_bytes().splitlines()
    for start in range(0, len(lines), 500):
        batch = [incoming_of(timed(decode_event(one)), one) for one in lines[start : start + 500]]
        done = pipeline.process(batch)
        said = [encode_judgement(one, done.policy_hash) for one in done.judgements]
        writer.take([decode_judgement(one) for one in said])
        pipeline.keep(done)
    return Stored(engine, registry_reader(engine), lambda: datetime(2026, 9, 1, tzinfo=UTC))
