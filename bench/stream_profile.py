"""Where a packed record's time goes: the worker's own steps in this process, stage by stage.

    .venv/bin/python -m bench.stream_profile [--scans 40000] [--lines 0] [--embedded]

The same bytes as in ``bench.stream``, on a real PostgreSQL and Redis, without Kafka and Faust. The
first half warms; of the rest the thread's own processor time is told by stage (``bench.stages``),
or with ``--lines`` the functions that cProfile says take most of it, which it exaggerates where
they are called for each scan. With ``--embedded`` on SQLite, whose work is this process's own: that
tells two versions of judging apart where no server can be started.
"""

import argparse
import cProfile
import gc
import pstats
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from bench.stages import Stage, staged
from bench.stream_world import fill, make_world, records
from deploy.local import PostgresService, RedisService
from judging import columns, units
from judging.courses import Courses
from registry.places import Places
from store.engine import sqlite_url
from stream_processors import intake, pipeline
from stream_processors.bus.port import BusRecord
from stream_processors.faust_app import GARBAGE_AFTER
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


def handle(worker: Pipeline, values: Sequence[bytes], offset: int) -> None:
    """What ``Worker.handle`` does to records, but for sending what it said."""
    incoming, _ = all_of([
        BusRecord(SCANS, 0, nth, None, value) for nth, value in enumerate(values, offset)
    ])
    processed = worker.process(incoming)
    for judgement in processed.judgements:
        encode_judgement(judgement)
    worker.keep(processed)


STAGES = [
    Stage("taking in: raw bytes of each event, keys, times", sys.modules[__name__], "all_of"),
    Stage("decoding", intake, "decode_record"),
    Stage("decoding", intake, "decode_events"),
    Stage("storing events", pipeline, "store_events"),
    Stage("raising versions, noting who was read first", pipeline, "_raise"),
    Stage("raising versions, noting who was read first", pipeline, "note_read"),
    Stage("the batch around all that, transactions", Pipeline, "process"),
    Stage("hot state: asking, keeping", Pipeline, "_hot"),
    Stage("hot state: asking, keeping", Pipeline, "keep"),
    Stage("reading steps of items and containers", pipeline, "rows_of"),
    Stage("custody: courses, shared and own", Courses, "of"),
    Stage("rules of scans, going on from hot state, encoding it", pipeline._Judging, "items"),
    Stage("verdicts of place: numpy", columns, "judge_rows"),
    Stage("verdicts of place: territories of what is outside", columns, "_territories"),
    Stage("verdicts of place: questions and answers", units, "answer"),
    Stage("areas, made once each", Places, "rows"),
    Stage("signals and sightings", pipeline, "units_of"),
    Stage("judgements to be told", pipeline._Judging, "judgements"),
    Stage("encoding judgements, letting go of the batch", sys.modules[__name__], "handle"),
    Stage("all of psycopg's waiting and copying", psycopg.Connection, "wait"),
]


def _by_stage(values: Sequence[tuple[int, list[bytes]]], worker: Pipeline) -> dict[str, int]:
    with staged(STAGES) as clock:
        for offset, taken in values:
            handle(worker, taken, offset)
    return clock.spent_ns


def _by_function(
    values: Sequence[tuple[int, list[bytes]]], worker: Pipeline
) -> cProfile.Profile:
    with cProfile.Profile() as profile:
        for offset, taken in values:
            handle(worker, taken, offset)
    return profile


def table(spent_ns: dict[str, int], scans: int) -> str:
    """Microseconds a scan of each stage, and of all."""
    lines = [f"{sum(spent_ns.values()) / 1e3 / scans:6.1f} us a scan"]
    for name, ns in sorted(spent_ns.items(), key=lambda item: -item[1]):
        lines.append(f"{ns / 1e3 / scans:6.1f} {name}")
    return "\n".join(lines)


def main() -> None:
    """Print the microseconds a scan of each stage, or the functions that take most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=40_000)
    parser.add_argument("--packed", type=int, default=500)
    parser.add_argument("--lines", type=int, default=0, help="so many functions, by cProfile")
    parser.add_argument("--embedded", action="store_true", help="on SQLite, without servers")
    options = parser.parse_args()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)  # as in a worker
    with tempfile.TemporaryDirectory() as folder, _stores(options.embedded, folder) as stores:
        world = make_world(Path(folder) / "world", options.scans)
        engine = fill(stores.url, world)
        worker = Pipeline(engine, stores.state, RegistrySource())
        lying = records(world.scans, options.packed)
        batches = [(n, lying[n : n + TOGETHER]) for n in range(0, len(lying), TOGETHER)]
        half = len(batches) // 2
        for offset, taken in batches[:half]:
            handle(worker, taken, offset)
        if options.lines:
            profile = _by_function(batches[half:], worker)
            pstats.Stats(profile).sort_stats("tottime").print_stats(options.lines)
        else:
            seen = len(world.scans) - half * TOGETHER * options.packed
            print(table(_by_stage(batches[half:], worker), seen))
        engine.dispose()


if __name__ == "__main__":
    main()
