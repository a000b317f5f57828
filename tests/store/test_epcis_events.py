"""Item events as queries find them, on both databases, and what a migration makes of older ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, text

from custody.epcis.query import parse_query
from events.model import ItemEvent
from events.timed import from_microseconds, timed
from events.wire import encode_event
from store.containment import handled_epcs, handled_within
from store.engine import open_engine, sqlite_url
from store.epcis_events import find_events
from store.events import store_events
from store.incoming import incoming_of
from store.lively import note_named
from store.migrations import _config, migrate
from tests.custody.epcis.documents import ITEM, packed, seen


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "events.sqlite")
    else:
        url = request.getfixturevalue("database_url")
    opened = open_engine(url)
    migrate(opened)
    yield opened
    opened.dispose()


def store(engine: Engine, *events: dict[str, Any]) -> None:
    incoming = []
    for number, event in enumerate(events):
        received_at = from_microseconds(1_600_000_000_000_000 + number)
        one = ItemEvent(event_id=event["eventID"], received_at=received_at, event=event)
        incoming.append(incoming_of(timed(one), encode_event(one)))
    with engine.begin() as connection:
        store_events(connection, incoming)


def ids(engine: Engine, **parameters: str) -> list[str]:
    query = parse_query(list(parameters.items()))
    return [found.event_id for found in find_events(engine, query, 100)]


MANY = [seen(eventID=f"urn:e:{n:04d}", bizStep="shipping" if n % 2 else None) for n in range(600)]


def test_queries_find_alike_on_both_databases(engine: Engine) -> None:
    store(engine, *MANY, packed(eventID="urn:e:packed"))
    assert ids(engine, MATCH_parentID="urn:epc:id:sscc:4012345.0000000333") == ["urn:e:packed"]
    assert len(ids(engine, MATCH_epc="urn:epc:idpat:sgtin:4012345.011111.*")) == 100
    assert ids(engine, EQ_bizStep="packing", MATCH_epc=ITEM) == ["urn:e:packed"]
    assert ids(engine, EQ_bizStep="shipping")[:2] == ["urn:e:0599", "urn:e:0597"]
    assert ids(engine, EQ_eventID="urn:e:0007") == ["urn:e:0007"]
    later = ids(engine, GE_recordTime="2020-09-13T12:26:40.000599Z")
    assert later == ["urn:e:packed", "urn:e:0599"]


def test_pages_continue_where_others_broke_off(engine: Engine) -> None:
    store(engine, *MANY)
    query = parse_query([("orderBy", "eventTime"), ("EXISTS_errorDeclaration", "true")])
    assert find_events(engine, query, 10) == []
    query = parse_query([("orderBy", "eventTime"), ("orderDirection", "ASC")])
    first = find_events(engine, query, 400)
    second = find_events(engine, query, 400, after=first[-1].place)
    assert [one.event_id for one in first + second] == [event["eventID"] for event in MANY]


def test_things_whose_events_may_contradict_each_other_are_found(engine: Engine) -> None:
    made = seen(eventID="urn:e:made", action="ADD", bizStep="commissioning")
    in_case = packed(eventID="urn:e:packed")
    with engine.connect() as connection:
        assert handled_epcs(connection) == []
    store(engine, made, in_case)
    item = "https://id.gs1.org/01/04012345111118/21/9876"
    case = "https://id.gs1.org/00/040123450000003338"
    with engine.connect() as connection:
        assert handled_epcs(connection) == []
    store(engine, seen(eventID="urn:e:sold", bizStep="retail_selling"))
    sold_us = 1_585_749_600_000_000
    with engine.begin() as connection:
        note_named(connection, [item])
    with engine.connect() as connection:
        assert handled_epcs(connection) == [item]
        for epcs, beside in (([case], []), ([], [item])):
            found = handled_within(connection, epcs, beside=beside, since_us=sold_us)
            assert found == {item}
        assert handled_within(connection, [], beside=[case], since_us=sold_us) == set()
        assert handled_within(connection, [case], beside=[], since_us=sold_us + 1) == set()


def test_events_of_before_the_migration_can_be_queried_after_it(engine: Engine) -> None:
    store(engine, *MANY[:3])
    with engine.begin() as connection:
        connection.execute(text("UPDATE item_steps SET biz_step = NULL, happened_us = NULL"))
        config = _config(connection)
        command.downgrade(config, "0001")
        command.upgrade(config, "head")
    assert ids(engine, EQ_bizStep="shipping") == ["urn:e:0001"]
    assert len(ids(engine, GE_eventTime="2020-04-01T14:00:00Z")) == 3
