"""Where a packed record's time goes: the worker's own steps in this process, under cProfile.

    .venv/bin/python -m bench.stream_profile [--scans 10000] [--lines 45] [--embedded]

The same bytes as in ``bench.stream``, on a real PostgreSQL and Redis, without Kafka and Faust. With
``--embedded`` on SQLite, whose work is this process's own: that tells two versions of judging apart
where no server can be started.
"""

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.stream_world import fill, make_world, records
from deploy.local import PostgresService, RedisService
from events.wire import decode_record
from store.engine import sqlite_url
from stream_processors.bus.port import BusRecord
from stream_processors.intake import all_of
from stream_processors.messages import encode_judgement
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.port import HotState
from stream_processors.state.redis import RedisState
from stream_processors.state.sqlite import SqliteState
from stream_processors.topics import SCANS

TOGETHER = 8
"""So many records of 500 scans a worker takes at once where they wait."""


class Stores(NamedTuple):
    """Where events are stored, and hot state."""

    url: str
    state: HotState


@contextmanager
def _stores(embedded: bool, folder: str) -> Iterator[Stores]:
    if embedded:
        state = SqliteState(Path(folder) / "state.sqlite")
        yield Stores(sqlite_url(Path(folder) / "events.sqlite"), state)
        return
    postgres, redis = PostgresService(), RedisService()
    try:
        postgres.start()
        redis.start()
        yield Stores(postgres.create_database(), RedisState(redis.url))
    finally:
        redis.discard()
        postgres.discard()


def handle(pipeline: Pipeline, values: Sequence[bytes], offset: int) -> None:
    """What ``Worker.handle`` does to records, but for sending what it said."""
    incoming, _ = all_of([
        BusRecord(SCANS, 0, nth, None, value) for nth, value in enumerate(values, offset)
    ])
    processed = pipeline.process(incoming)
    for judgement in processed.judgements:
        encode_judgement(judgement)
    pipeline.keep(processed)


def main() -> None:
    """Print CPU seconds per million scans, and the functions that take most of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=10_000)
    parser.add_argument("--packed", type=int, default=500)
    parser.add_argument("--lines", type=int, default=45)
    parser.add_argument("--embedded", action="store_true", help="on SQLite, without servers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _stores(options.embedded, folder) as stores:
        world = make_world(Path(folder) / "world", options.scans)
        engine = fill(stores.url, world)
        pipeline = Pipeline(engine, stores.state, RegistrySource())
        profile = cProfile.Profile()
        lying = records(world.scans, options.packed)
        warm, *values = (lying[n : n + TOGETHER] for n in range(0, len(lying), TOGETHER))
        handle(pipeline, warm, 0)
        half = len(values) // 2
        began = time.process_time()
        for offset, value in enumerate(values[:half], 1):
            handle(pipeline, value, offset * TOGETHER)
        spent = time.process_time() - began
        seen = sum(len(decode_record(value)) for taken in values[:half] for value in taken)
        profile.enable()
        for offset, value in enumerate(values[half:], half + 1):
            handle(pipeline, value, offset * TOGETHER)
        profile.disable()
        engine.dispose()
    print(f"{1e6 * spent / seen:.0f} CPU seconds per million scans")
    pstats.Stats(profile).sort_stats("tottime").print_stats(options.lines)


if __name__ == "__main__":
    main()
