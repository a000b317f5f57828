"""Where ``custody`` commands read: a recording, spooled into a database of its own, or a store."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from events.errors import EventError
from events.model import ItemEvent
from events.timed import timed
from events.wire import decode_event
from registry import Registry
from registry.recording import read_registry
from store.engine import open_engine, sqlite_url
from store.events import store_events
from store.incoming import Incoming, incoming_of
from store.schema import metadata

_AT_ONCE = 500


@contextmanager
def spooled(folder: Path) -> Iterator[tuple[Engine, Registry, int]]:
    """The item events of a recording in a database, its registry, and how many events were bad.

    Raises:
        TracewardenError: it is no recording.
    """
    _, rows = read_registry(folder)
    with tempfile.TemporaryDirectory(prefix="tracewarden-custody-") as spool:
        engine = open_engine(sqlite_url(Path(spool) / "spool.sqlite"), durable=False)
        try:
            metadata.create_all(engine)
            bad = _spool(engine, folder / "events.jsonl")
            yield engine, Registry(rows), bad
        finally:
            engine.dispose()


def _spool(engine: Engine, path: Path) -> int:
    bad = 0
    with path.open("rb") as lines, engine.begin() as connection:
        while batch := list(islice(lines, _AT_ONCE)):
            incoming = []
            for line in batch:
                try:
                    event = _item_event(line.rstrip(b"\r\n"))
                except EventError:
                    bad += 1
                    continue
                if event is not None:
                    incoming.append(event)
            bad += len(store_events(connection, incoming).refused)
    return bad


def _item_event(line: bytes) -> Incoming | None:
    """An item event; None: the line is something else, which custody does not need."""
    if b"item_event" not in line:
        return None
    event = decode_event(line)
    return incoming_of(timed(event), line) if isinstance(event, ItemEvent) else None
