"""Loading into a store that already runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from events.timed import timed
from events.wire import decode_event
from registry import RegistryRows
from registry.model import Product
from store.engine import open_engine, sqlite_url
from store.events import store_events
from store.incoming import incoming_of
from store.migrations import migrate
from store.registry import RegistryConflictError, load_rows

TICK = b'{"kind":"tick","event_id":"t1","received_at":"2026-05-04T08:00:00Z"}'
OFFER = (
    b'{"kind":"offer","event_id":"o1","received_at":"2026-05-04T08:00:00Z","seen_at":'
    b'"2026-05-04T08:00:00Z","gtin":"09506000134352","seller":"s","amount":"1.00","currency":"USD"}'
)
ROWS = RegistryRows(products=(Product(gtin="09506000134352", name="Tea"),), lateness_s=60.0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_engine(sqlite_url(tmp_path / "db.sqlite"))
    migrate(opened)
    yield opened
    opened.dispose()


def store(engine: Engine, raw: bytes) -> None:
    with engine.begin() as connection:
        store_events(connection, [incoming_of(timed(decode_event(raw)), raw)])


def test_a_service_that_has_only_ticked_takes_another_lateness(engine: Engine) -> None:
    store(engine, TICK)
    with engine.begin() as connection:
        load_rows(connection, "world", ROWS, now_us=1)


def test_events_that_were_judged_keep_their_lateness(engine: Engine) -> None:
    store(engine, OFFER)
    with engine.begin() as connection, pytest.raises(RegistryConflictError, match="lateness"):
        load_rows(connection, "world", ROWS, now_us=1)
