"""Replay's events on disk: a database of its own that lives as long as the replay."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.schema import CreateIndex, DropIndex

from events.errors import EventError
from events.model import Tick
from events.timed import from_microseconds, microseconds, timed
from events.wire import decode_event, encode_event
from store.engine import open_engine, sqlite_url
from store.events import store_events
from store.incoming import Incoming, incoming_of
from store.schema.events import event_erasures, events, item_steps, touches
from store.schema.metadata import metadata

EVENTS_AT_ONCE = 2000
Progress = Callable[[str, int], None]
_TABLES = (events, item_steps, touches, event_erasures)
_LOOKED_UP = "ix_events_subject"
_REPLACED = "ix_touches_identity"

T = TypeVar("T")


@dataclass
class Tally:
    """What was read: events by kind, those that came twice, and those that are no events."""

    events: Counter[str] = field(default_factory=Counter)
    doubles: int = 0
    dead: int = 0
    dead_samples: list[str] = field(default_factory=list)


def open_spool(folder: Path) -> Engine:
    """An empty spool. Nothing in it needs to be durable, and of the service's indexes it has those
    that replay asks by."""
    engine = open_engine(sqlite_url(folder / "spool.sqlite"), durable=False)
    metadata.create_all(engine, tables=_TABLES)
    with engine.begin() as connection:
        for index in (index for table in _TABLES for index in table.indexes):
            if index.name != _REPLACED:
                connection.execute(DropIndex(index))
    return engine


def fill(
    engine: Engine, path: Path, end: datetime, at_us: int | None, progress: Progress
) -> Tally:
    """Read ``events.jsonl``; what was received from ``at_us`` on is left out. A recording ends as
    with a tick at its ``end``."""
    tally = Tally()
    with path.open("rb") as lines, engine.begin() as connection:
        for batch in batched(lines, EVENTS_AT_ONCE):
            incoming = list(_read(batch, at_us, tally))
            stored = store_events(connection, incoming)
            tally.doubles += len(incoming) - len(stored.fresh)
            tally.dead += len(stored.refused)
            progress("events read", len(batch))
        store_events(connection, [_tick(end, at_us)])
        # Sorted at the end: row by row it would be as much work again as all the rest.
        for index in events.indexes:
            if index.name == _LOOKED_UP:
                connection.execute(CreateIndex(index))
    return tally


def _tick(end: datetime, at_us: int | None) -> Incoming:
    if at_us is not None:
        end = min(end, from_microseconds(at_us - 1))
    tick = Tick(event_id="the-end", received_at=end)
    return incoming_of(timed(tick), encode_event(tick))


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` values, the last one perhaps shorter."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def _read(lines: Sequence[bytes], at_us: int | None, tally: Tally) -> Iterator[Incoming]:
    for line in lines:
        raw = line.rstrip(b"\r\n")
        if not raw:
            continue
        try:
            event = decode_event(raw)
            if at_us is not None and microseconds(event.received_at) >= at_us:
                continue
            incoming = incoming_of(timed(event), raw)
        except EventError as error:
            tally.dead += 1
            if len(tally.dead_samples) < 10:
                tally.dead_samples.append(f"{error.type}: {error.field}: {error.detail}")
            continue
        tally.events[str(event.__struct_config__.tag)] += 1
        yield incoming


def scanned_items(connection: Connection) -> Iterator[str]:
    """Keys of all items that were read. Those that were packed together follow each other, so that
    the events of their case are read once for all of them."""
    return iter(
        connection.execute(
            text(
                "SELECT subject FROM"
                " (SELECT DISTINCT subject FROM events WHERE kind = 'scan') AS item"
                " ORDER BY (SELECT min(t.identity) FROM touches t"
                " WHERE t.epc = item.subject AND t.role = 'child'), subject"
            )
        ).scalars()
    )
