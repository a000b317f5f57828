"""Hidden codes that were tried: first uses and counters, right under concurrency and restarts.

Rows are locked by an upsert before they are read, the source's before the item's, so that two tries
at one time count as two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, delete, select, text, update

from store.instants import from_us, to_us
from store.outbox import Outgoing, put_within
from store.schema.hidden_codes import hidden_code_items, hidden_code_sources
from store.transactions import reading

Outcome = Literal["first", "again", "reused", "wrong", "closed", "limited"]
"""``again`` is a retry of the visit that gave it first; ``closed`` ends an item's tries for good,
``limited`` a source's for a while."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Wrong tries that an item has in all, and a source within a window."""

    item: int
    source: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Try:
    """What somebody typed, already compared: hashes of item and source, and the visit's id."""

    fingerprint: str
    source: str
    visit_id: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it; ``first_at`` where the code was ever used, ``left`` tries of the item."""

    outcome: Outcome
    first_at: datetime | None
    left: int


def take(
    engine: Engine, one: Try, limits: Limits, now: datetime, event: Sequence[Outgoing]
) -> Tried:
    """Count a try; a right one is remembered together with its ``event``, in one transaction."""
    with engine.begin() as connection:
        if _wrong_of_source(connection, one.source, limits, now) >= limits.source:
            return Tried("limited", None, limits.item)
        wrong, first_us, first_visit = _item(connection, one.fingerprint)
        first_at = None if first_us is None else from_us(first_us)
        if wrong >= limits.item:
            return Tried("closed", first_at, 0)
        if not one.is_right:
            _count_wrong(connection, one)
            return Tried("wrong", None, limits.item - wrong - 1)
        put_within(connection, event, now)
        if first_at is not None:
            outcome: Outcome = "again" if first_visit == one.visit_id else "reused"
            return Tried(outcome, first_at, limits.item - wrong)
        connection.execute(
            update(hidden_code_items)
            .where(hidden_code_items.c.fingerprint == one.fingerprint)
            .values(first_us=to_us(now), first_visit=one.visit_id)
        )
        return Tried("first", now, limits.item - wrong)


def first_use(engine: Engine, fingerprint: str) -> datetime | None:
    """When the item's hidden code was first given."""
    query = select(hidden_code_items.c.first_us)
    with reading(engine) as connection:
        same = hidden_code_items.c.fingerprint == fingerprint
        first_us = connection.execute(query.where(same)).scalar_one_or_none()
    return None if first_us is None else from_us(first_us)


def purge_sources(engine: Engine, before: datetime) -> int:
    """Forget sources whose window began before ``before``; returns how many."""
    old = hidden_code_sources.c.since_us < to_us(before)
    with engine.begin() as connection:
        return connection.execute(delete(hidden_code_sources).where(old)).rowcount


def _wrong_of_source(
    connection: Connection, source: str, limits: Limits, now: datetime
) -> int:
    """The source's wrong tries in its window, of which a new one begins where it has ended."""
    statement = text(
        "INSERT INTO hidden_code_sources (source, wrong, since_us) VALUES (:source, 0, :now) "
        "ON CONFLICT (source) DO UPDATE SET "
        "wrong = CASE WHEN hidden_code_sources.since_us <= :ended THEN 0 "
        "ELSE hidden_code_sources.wrong END, "
        "since_us = CASE WHEN hidden_code_sources.since_us <= :ended THEN :now "
        "ELSE hidden_code_sources.since_us END RETURNING wrong"
    )
    values = {"source": source, "now": to_us(now), "ended": to_us(now - limits.window)}
    return int(connection.execute(statement, values).scalar_one())


def _item(connection: Connection, fingerprint: str) -> tuple[int, int | None, str | None]:
    statement = text(
        "INSERT INTO hidden_code_items (fingerprint, wrong) VALUES (:fingerprint, 0) "
        "ON CONFLICT (fingerprint) DO UPDATE SET wrong = hidden_code_items.wrong "
        "RETURNING wrong, first_us, first_visit"
    )
    row = connection.execute(statement, {"fingerprint": fingerprint}).one()
    return row.wrong, row.first_us, row.first_visit


def _count_wrong(connection: Connection, one: Try) -> None:
    connection.execute(
        update(hidden_code_items)
        .where(hidden_code_items.c.fingerprint == one.fingerprint)
        .values(wrong=hidden_code_items.c.wrong + 1)
    )
    connection.execute(
        update(hidden_code_sources)
        .where(hidden_code_sources.c.source == one.source)
        .values(wrong=hidden_code_sources.c.wrong + 1)
    )
