"""What the consumer's page says of earlier queries: an item's scans, stored or still on their way.

A scan is first in the outbox and some moments later in the events table; here both are one.
"""

from sqlalchemy import Engine, select

from events.errors import EventError
from events.model import Scan
from events.wire import decode_event
from store.schema.events import events
from store.schema.outbox import outbox
from store.transactions import reading


def scans_of(engine: Engine, subject: str, most: int) -> list[Scan]:
    """The first ``most`` scans of an item, by its URI on id.gs1.org, in order of their time.

    A bound keeps the page quick for a code that was copied a million times.
    """
    stored = (
        select(events.c.raw)
        .where(events.c.subject == subject, events.c.kind == "scan")
        .order_by(events.c.happened_us, events.c.identity)
        .limit(most)
    )
    waiting = (
        select(outbox.c.raw)
        .where(outbox.c.subject == subject)
        .order_by(outbox.c.written_us)
        .limit(most)
    )
    with reading(engine) as connection:
        raws = [raw.encode() for raw in connection.execute(stored).scalars()]
        raws += connection.execute(waiting).scalars()
    scans: dict[str, Scan] = {}
    for raw in raws:
        scan = _scan(raw)
        if scan is not None:
            scans.setdefault(scan.event_id, scan)
    ordered = sorted(scans.values(), key=lambda scan: (scan.scanned_at, scan.event_id))
    return ordered[:most]


def _scan(raw: bytes) -> Scan | None:
    """The scan; None for what is none, as a page is no place to fail over another's event."""
    try:
        event = decode_event(raw)
    except EventError:
        return None
    return event if isinstance(event, Scan) else None
