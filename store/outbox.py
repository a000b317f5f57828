"""The outbox: an event is durable here before its sender has an answer, and published later."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, select, update

from store.instants import to_us
from store.schema.outbox import outbox
from store.transactions import insert_new, reading


class Outgoing(NamedTuple):
    """An event on its way: identity (``kind:event_id``), topic, partition key, JSON."""

    identity: str
    topic: str
    subject: str
    raw: bytes


_COLUMNS = (outbox.c.identity, outbox.c.topic, outbox.c.subject, outbox.c.raw)


def put(engine: Engine, events: Sequence[Outgoing], now: datetime) -> None:
    """Store events durably; one whose identity is there already changes nothing."""
    with engine.begin() as connection:
        put_within(connection, events, now)


def put_within(connection: Connection, events: Sequence[Outgoing], now: datetime) -> None:
    """Store events in the caller's transaction, together with what they tell of."""
    rows = ({**event._asdict(), "written_us": to_us(now)} for event in events)
    insert_new(connection, outbox, rows)


def waiting(engine: Engine, most: int) -> list[Outgoing]:
    """Events that the bus has not acknowledged, oldest first."""
    query = select(*_COLUMNS).where(outbox.c.published_us.is_(None))
    query = query.order_by(outbox.c.written_us).limit(most)
    with reading(engine) as connection:
        return [Outgoing(*row) for row in connection.execute(query)]


def mark_published(engine: Engine, identities: Sequence[str], now: datetime) -> None:
    """The bus has acknowledged these."""
    with engine.begin() as connection:
        connection.execute(
            update(outbox)
            .where(outbox.c.identity.in_(identities))
            .values(published_us=to_us(now))
        )


def purge(engine: Engine, before: datetime) -> int:
    """Remove what was published before ``before``; returns how many rows."""
    with engine.begin() as connection:
        old = outbox.c.published_us < to_us(before)
        return connection.execute(delete(outbox).where(old)).rowcount


def find(engine: Engine, identity: str) -> bytes | None:
    """The event with this identity, as JSON, while its row is kept."""
    query = select(outbox.c.raw).where(outbox.c.identity == identity)
    with reading(engine) as connection:
        return connection.execute(query).scalar_one_or_none()
