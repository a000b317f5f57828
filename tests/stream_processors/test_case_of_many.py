"""A case of 10,000 items that moves costs what one item costs: nothing is written for its items."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.event import listen

from events.model import ItemEvent
from events.timed import from_microseconds, timed
from events.wire import encode_event
from store.engine import open_engine, sqlite_url
from store.incoming import Incoming, incoming_of
from store.schema import metadata
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState

ITEMS = 10_000
CASE = "https://id.gs1.org/00/395060000010000082"
PALLET = "https://id.gs1.org/00/395060000010000266"
CHILDREN = [f"https://id.gs1.org/01/09506000134352/21/{number}" for number in range(ITEMS)]


def incoming(minute: int, **members: Any) -> Incoming:
    at = from_microseconds(1_700_000_000_000_000 + minute * 60_000_000)
    event = {
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "type": "ObjectEvent",
        "action": "OBSERVE",
        **members,
    }
    one = ItemEvent(event_id=f"e{minute}", received_at=at, event=event)
    return incoming_of(timed(one), encode_event(one))


def packed(minute: int, children: list[str], parent: str) -> Incoming:
    return incoming(
        minute,
        type="AggregationEvent",
        action="ADD",
        bizStep="packing",
        parentID=parent,
        childEPCs=children,
    )


def rows(engine: Engine) -> int:
    with engine.connect() as connection:
        tables = metadata.sorted_tables
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        )


@pytest.mark.parametrize("commissioned", [False, True])
def test_shipping_a_case_of_10000_items_writes_a_handful_of_rows(
    tmp_path: Path, commissioned: bool
) -> None:
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    metadata.create_all(engine)
    pipeline = Pipeline(engine, SqliteState(tmp_path / "state.sqlite"), RegistrySource())
    if commissioned:
        pipeline.process([incoming(0, action="ADD", bizStep="commissioning", epcList=CHILDREN)])
    pipeline.process([packed(1, CHILDREN, CASE)])
    before = rows(engine)
    written = []
    moves = (
        packed(2, [CASE], PALLET),
        incoming(3, bizStep="shipping", epcList=[PALLET]),
        incoming(4, bizStep="receiving", epcList=[PALLET]),
        incoming(5, bizStep="shipping", epcList=[CASE]),
    )
    for move in moves:
        processed = pipeline.process([move])
        pipeline.keep(processed)
        written.append(rows(engine) - before)
        before = rows(engine)
        assert len(processed.hot) < 10
    assert max(written) < 10


def test_no_question_that_a_moved_case_asks_walks_all_that_is_stored(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    metadata.create_all(engine)
    pipeline = Pipeline(engine, SqliteState(tmp_path / "state.sqlite"), RegistrySource())
    asked: list[tuple[str, Any]] = []
    listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    pipeline.process([packed(1, CHILDREN[:9], CASE), packed(2, [CASE], PALLET)])
    asked.clear()
    pipeline.process([incoming(3, bizStep="shipping", epcList=[PALLET])])
    questions = [one for one in asked if one[0].lstrip().startswith(("SELECT", "WITH"))]
    assert questions
    walked = [step for one in questions for step in plan(engine, *one) if step.startswith("SCAN")]
    assert [step for step in walked if step.split()[1] in NOT_STORED] == walked


NOT_STORED = ("json_each", "within", "named", "near", "(subquery-1)", "CONSTANT")


def plan(engine: Engine, statement: str, parameters: Any) -> list[str]:
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in found]
