"""The second stage agrees with a replay, however judgements arrive, and whatever is taken back."""

import json
import os
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from cases.steps import Archive
from registry.recording import read_registry
from simulator.wish import Wish
from simulator.world import simulate_world
from store.alert_views import alerts_changed_after, effective_signals
from store.case_steps import Author, take_step
from store.case_views import CaseFilter, list_cases
from store.cases_as_published import published_cases
from store.engine import open_engine, sqlite_url
from store.evidence_log import EvidenceLog
from store.migrations import migrate
from store.registry import load_rows
from store.transactions import reading
from stream_processors.gatherer import Gatherer
from stream_processors.messages import decode_judgement, encode_judgement
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from stream_processors.writer import Writer
from tests.stream_processors.test_pipeline_equals_replay import events_of
from tracewarden.outcome import write
from tracewarden.replay import replay

NOW_US = 2_000_000_000_000_000
"""Long after the world, so that nothing is held back."""


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gathering") / "recording"
    simulate_world(Wish(seed=3, items=400, difficulty="standard"), folder)
    enacted = {
        "policy": {"version": 2, "strength_consumer": 0.25, "tier_3_days": 14},
        "valid_from": "2026-04-01T00:00:00Z",
        "recorded_at": "2026-03-01T00:00:00Z",
    }
    (folder / "registry" / "policies.jsonl").write_text(json.dumps(enacted) + "\n")
    return folder


@cache
def replayed(world: Path) -> dict[str, list[dict[str, Any]]]:
    """What a replay says: signals, alerts and cases."""
    head, rows = read_registry(world)
    out = world.parent / "replayed"
    write(replay(world, head, rows), out)
    return {
        name: [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()]
        for name in ("signals", "alerts", "cases")
    }


class Stream:
    """Worker, writer and gatherer over one database."""

    def __init__(self, engine: Engine, folder: Path, recording: Path) -> None:
        migrate(engine)
        head, rows = read_registry(recording)
        with engine.begin() as connection:
            load_rows(connection, head.name, rows, now_us=0)
        self.engine = engine
        self.now_us = NOW_US
        state = SqliteState(folder / "state.sqlite")
        self._pipeline = Pipeline(engine, state, RegistrySource())
        self._writer = Writer(engine, lambda: self.now_us)
        self._writer.start()
        self.restart()

    def restart(self) -> None:
        """A new gatherer, which has nothing at hand."""
        self.gatherer = Gatherer(
            self.engine, self._writer, lambda: self.now_us, hold_back_us=0, entropy=os.urandom
        )

    def take(self, events: list[Any]) -> None:
        """A batch through worker and writer, by way of the wire."""
        processed = self._pipeline.process(events)
        messages = [
            decode_judgement(encode_judgement(one))
            for one in processed.judgements
        ]
        self._writer.take(messages)
        self._pipeline.keep(processed)

    def result(self) -> dict[str, list[dict[str, Any]]]:
        """What holds, in the form and order of a replay's files."""
        signals = [row.body for row in effective_signals(self.engine, -1, 10**6)]
        alerts = [row.body for row in alerts_changed_after(self.engine, 0, 10**6) if row.holds]
        with reading(self.engine) as connection:
            cases = published_cases(connection)
        return {
            "signals": sorted(signals, key=lambda s: (s["occurred_at"], s["signal_id"])),
            "alerts": sorted(alerts, key=lambda a: (a["first_at"], a["alert_id"])),
            "cases": cases,
        }


def same(found: dict[str, list[dict[str, Any]]], world: Path) -> None:
    """Compare with the replay, the effective set without withdrawals."""
    expected = replayed(world)
    assert len(expected["cases"]) >= 3
    assert {case["policy"]["version"] for case in expected["cases"]} == {1, 2}
    for name in ("signals", "alerts", "cases"):
        key = f"{name.removesuffix('s')}_id"
        assert {one[key] for one in found[name]} == {one[key] for one in expected[name]}, name
        by_id = {one[key]: one for one in found[name]}
        assert [by_id[one[key]] for one in expected[name]] == expected[name]


@pytest.mark.parametrize("seed", range(2))
def test_any_order_doubles_and_restarts_give_the_cases_of_a_replay(
    world: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    events = events_of(world)
    events += chance.sample(events, len(events) // 10)
    if seed:
        chance.shuffle(events)
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    stream = Stream(engine, tmp_path, world)
    while events:
        size = chance.choice([40, 200, 700])
        stream.take(events[:size])
        del events[:size]
        if chance.random() < 0.3:
            stream.gatherer.step()
        if chance.random() < 0.1:
            stream.restart()
    while stream.gatherer.step():
        pass
    same(stream.result(), world)
    with reading(engine) as connection:
        assert list(EvidenceLog().fsck(connection)) == []
    engine.dispose()


def test_postgresql_gathers_what_a_replay_gathers(
    world: Path, tmp_path: Path, database_url: str
) -> None:
    engine = open_engine(database_url)
    stream = Stream(engine, tmp_path, world)
    events = events_of(world)
    for start in range(0, len(events), 900):
        stream.take(events[start : start + 900])
    while stream.gatherer.step():
        pass
    same(stream.result(), world)
    engine.dispose()


def test_judgements_are_held_back_and_nothing_is_gathered_twice(
    world: Path, tmp_path: Path
) -> None:
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    stream = Stream(engine, tmp_path, world)
    events = events_of(world)
    stream.take(events)
    stream.now_us = events[len(events) // 2].timed.received_us
    stream.gatherer.step()
    with reading(engine) as connection:
        known = connection.execute(text("SELECT known_us FROM gathering")).scalar_one()
    assert known < stream.now_us
    assert stream.gatherer.step() == 0
    stream.now_us = NOW_US
    while stream.gatherer.step():
        pass
    assert stream.gatherer.step() == 0
    same(stream.result(), world)
    engine.dispose()


def test_an_archived_case_that_grows_is_opened_again(world: Path, tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    stream = Stream(engine, tmp_path, world)
    grown = max(replayed(world)["cases"], key=lambda case: len(case["alert_ids"]))
    events = events_of(world)
    archived = False
    for start in range(0, len(events), 100):
        stream.take(events[start : start + 100])
        stream.gatherer.step()
        rows = {row.case_id: row for row in list_cases(engine, CaseFilter(), 1000)}
        if not archived and grown["case_id"] in rows:
            put_away = Archive(rows[grown["case_id"]].alerts)
            mei = Author("mei", "decider", os.urandom)
            take_step(engine, grown["case_id"], put_away, mei, at_us=1)
            archived = True
    while stream.gatherer.step():
        pass
    rows = {row.case_id: row for row in list_cases(engine, CaseFilter(), 1000)}
    assert archived
    assert rows[grown["case_id"]].state == "in-review"
    engine.dispose()
