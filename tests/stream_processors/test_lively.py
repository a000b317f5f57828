"""What a moved case looks at: what has a history of its own, whoever stored it, and when."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from events.model import Scan
from events.timed import from_microseconds, timed
from events.wire import encode_event
from store.containment import items_within
from store.engine import open_engine, sqlite_url
from store.incoming import Incoming, incoming_of
from store.lively import Packed, note_read
from store.schema import metadata
from stream_processors import pipeline as pipelines
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from tests.stream_processors.test_case_of_many import CASE, CHILDREN, PALLET, incoming, packed

FEW = CHILDREN[:5]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    metadata.create_all(engine)
    return engine


@pytest.fixture
def pipeline(engine: Engine, tmp_path: Path) -> Pipeline:
    return Pipeline(engine, SqliteState(tmp_path / "state.sqlite"), RegistrySource())


def scanned(item: str, minute: int) -> Incoming:
    serial = item.rpartition("/")[2]
    at = from_microseconds(1_700_000_000_000_000 + minute * 60_000_000)
    scan = Scan(
        event_id=f"s{minute}", received_at=at, scanned_at=at, uri=item, signature="valid",
        reader="consumer", gtin="09506000134352", serial=serial,
    )  # fmt: skip
    return incoming_of(timed(scan), encode_event(scan))


def lively(engine: Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT identity, epc FROM lively"))
        return {(identity, epc) for identity, epc in rows}


def read_below(engine: Engine, epc: str) -> set[str]:
    with engine.connect() as connection:
        return items_within(connection, [epc])


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_a_read_item_is_found_below_its_pallet_whatever_came_first(
    engine: Engine, pipeline: Pipeline, order: tuple[int, ...]
) -> None:
    batches = [[packed(1, FEW, CASE)], [packed(2, [CASE], PALLET)], [scanned(FEW[3], 3)]]
    for index in order:
        pipeline.process(batches[index])
    assert read_below(engine, PALLET) == read_below(engine, CASE) == {FEW[3]}
    assert lively(engine) == {("item_event:e1", FEW[3]), ("item_event:e2", CASE)}


def test_what_was_only_made_and_packed_is_not_looked_at(engine: Engine, pipeline: Pipeline) -> None:
    pipeline.process([incoming(0, action="ADD", bizStep="commissioning", epcList=FEW)])
    pipeline.process([packed(1, FEW, CASE)])
    pipeline.process([incoming(2, bizStep="shipping", epcList=[CASE])])
    assert lively(engine) == set()
    pipeline.process([incoming(3, bizStep="retail_selling", epcList=FEW[:1])])
    assert lively(engine) == {("item_event:e1", FEW[0])}


def test_a_packing_event_that_was_stored_meanwhile_is_noted_after_all(
    engine: Engine, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's transaction does not see what another's has not committed yet."""
    pipeline.process([packed(1, FEW, CASE)])
    calls = []

    def blind_at_first(connection: Connection, items: Collection[str]) -> Packed:
        calls.append(set(items))
        return set() if len(calls) == 1 else note_read(connection, items)

    monkeypatch.setattr(pipelines, "note_read", blind_at_first)
    pipeline.process([scanned(FEW[2], 3)])
    assert calls == [{FEW[2]}] * 2
    assert lively(engine) == {("item_event:e1", FEW[2])}


def test_a_batch_that_was_broken_off_before_that_notes_it_when_it_comes_again(
    engine: Engine, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.process([packed(1, FEW, CASE)])

    def broken_off(*_given: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(pipelines, "note_read", lambda *_given: set())
        patched.setattr(pipelines, "_Judging", broken_off)
        with pytest.raises(RuntimeError):
            pipeline.process([scanned(FEW[2], 3)])
    assert lively(engine) == set()
    pipeline.process([scanned(FEW[2], 3)])
    assert lively(engine) == {("item_event:e1", FEW[2])}
