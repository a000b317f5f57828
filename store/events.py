"""Stored events: written once each by identity, with a version of each subject."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from custody import Step
from custody.epcis.event_hash import event_hash
from events.identity import KINDS, Identity
from events.timed import timed
from events.wire import decode_event
from store.columns import as_list, insert_absent, insert_new, rows_of, writing
from store.incoming import Incoming, incoming_of

_encode = msgspec.json.Encoder().encode


class Stored(NamedTuple):
    """What storing did: what is new, what an earlier arrival replaced (``moved``: the new one,
    ``displaced``: the old one); of two contents under one identity the later is refused."""

    fresh: set[Identity]
    moved: set[Identity]
    displaced: list[Incoming]
    refused: list[tuple[bytes, str]]


_EVENT_COLUMNS = {
    "identity": "text",
    "kind": "text",
    "subject": "text",
    "happened_us": "bigint",
    "received_us": "bigint",
    "raw": "text",
}


def store_events(connection: Connection, incoming: Sequence[Incoming]) -> Stored:
    """Store what is new. Of an event that came twice the earlier arrival counts; of two contents
    under one identity the one received first counts and the other is refused."""
    first: dict[Identity, Incoming] = {}
    twice: list[Incoming] = []
    for event in incoming:
        if event.timed.identity in first:
            twice.append(event)
        else:
            first[event.timed.identity] = event
    rows = [
        (
            identity,
            KINDS[type(event.timed.event)],
            event.subject,
            event.timed.at_us,
            event.timed.received_us,
            event.raw.decode(),
        )
        for identity, event in first.items()
    ]
    fresh = insert_new(connection, "events", _EVENT_COLUMNS, rows)
    _store_steps(connection, [first[identity] for identity in fresh])
    again = [event for identity, event in first.items() if identity not in fresh] + twice
    stored = Stored(fresh, set(), [], [])
    if again:
        _settle_doubles(connection, again, stored)
    return stored


def _store_steps(connection: Connection, events: Iterable[Incoming]) -> None:
    steps, touches = [], []
    for event in events:
        if event.step is None:
            continue
        steps.append(_step_row(event.step))
        touches += [(epc, event.identity, role) for epc, role in (event.roles or {}).items()]
    insert_absent(connection, "item_steps", _STEP_COLUMNS, steps)
    columns = {"epc": "text", "identity": "text", "role": "text"}
    insert_absent(connection, "touches", columns, touches)


_STEP_COLUMNS = {
    "identity": "text",
    "step": "text",
    "event_type": "text",
    "action": "text",
    "biz_step": "text",
    "disposition": "text",
    "read_point": "text",
    "biz_location": "text",
    "happened_us": "bigint",
    "received_us": "bigint",
}


def _step_row(step: Step) -> tuple[Any, ...]:
    return (
        step.identity,
        _encode(step).decode(),
        step.type,
        step.action,
        step.biz_step,
        step.disposition,
        step.read_point,
        step.biz_location,
        step.at_us,
        step.received_us,
    )


class _Before(NamedTuple):
    """What is stored under an identity; of an erased scan the place is gone from it."""

    received_us: int
    raw: bytes
    is_erased: bool


def _settle_doubles(connection: Connection, again: Sequence[Incoming], stored: Stored) -> None:
    """Compare each double with what is stored, and let the earlier arrival stand."""
    known = _stored_before(connection, {event.identity for event in again})
    for event in again:
        before = known[event.identity]
        if before.is_erased:
            continue  # told apart from what came first no longer, it must not bring back a place
        loser = event.raw
        if (event.timed.received_us, event.raw) < (before.received_us, before.raw):
            _replace(connection, event)
            stored.moved.add(event.identity)
            stored.displaced.append(incoming_of(timed(decode_event(before.raw)), before.raw))
            known[event.identity] = _Before(event.timed.received_us, event.raw, False)
            loser = before.raw
        if not same_content(before.raw, event.raw):
            reason = f"{event.identity} was received before with other content"
            stored.refused.append((loser, reason))


def _stored_before(connection: Connection, identities: Collection[str]) -> dict[str, _Before]:
    rows = connection.execute(
        text(
            "SELECT e.identity, e.received_us, e.raw, x.identity IS NOT NULL AS is_erased"
            " FROM events e LEFT JOIN event_erasures x ON x.identity = e.identity"
            f" WHERE e.identity IN {rows_of(connection, 'identities')}"
        ),
        {"identities": as_list(identities)},
    )
    return {
        identity: _Before(received_us, raw.encode(), bool(is_erased))
        for identity, received_us, raw, is_erased in rows
    }


def same_content(first: bytes, second: bytes) -> bool:
    """Whether two arrivals under one identity say the same. What is known by its CBV event hash is
    compared by that: it may have been written with URNs once and with Digital Links later."""
    contents = [_content(first), _content(second)]
    if contents[0] == contents[1]:
        return True
    hashes = [event_hash(content.get("event") or {}) for content in contents]
    return hashes[0] == hashes[1] == contents[0].get("event_id")


def _content(raw: bytes) -> dict[str, Any]:
    """The event without its time of arrival."""
    event: dict[str, Any] = msgspec.json.decode(raw)
    event.pop("received_at", None)
    return event


def _replace(connection: Connection, event: Incoming) -> None:
    """Let an earlier arrival take the place of what is stored."""
    parameters = {"identity": event.identity}
    connection.execute(text("DELETE FROM events WHERE identity = :identity"), parameters)
    connection.execute(text("DELETE FROM item_steps WHERE identity = :identity"), parameters)
    connection.execute(text("DELETE FROM touches WHERE identity = :identity"), parameters)
    store_events(connection, [event])


def raise_versions(connection: Connection, subjects: Collection[str]) -> dict[str, int]:
    """Raise the version of each subject and return it; of one that is named twice, once. The rows
    stay locked until the commit, so that of two transactions that bear on one subject the second
    sees what the first stored."""
    if not subjects:
        return {}
    statement = (
        "INSERT INTO subject_versions (subject, version) "
        f"SELECT s.value, 1 FROM {rows_of(connection, 'subjects')} AS s WHERE true "
        "ON CONFLICT (subject) DO UPDATE SET version = subject_versions.version + 1"
    )
    named = dict.fromkeys(subjects, 1)
    parameters = {"subjects": as_list(named)}
    # Most subjects are new, and their version is the first.
    raised = writing(
        connection, statement, parameters, "subject", "version", asked="version > 1"
    )
    return named | dict(raised)


def versions_of(connection: Connection, subjects: Collection[str]) -> dict[str, int]:
    """The version of each subject that has one."""
    rows = connection.execute(
        text(
            "SELECT subject, version FROM subject_versions "
            f"WHERE subject IN {rows_of(connection, 'subjects')}"
        ),
        {"subjects": as_list(subjects)},
    )
    return {row.subject: row.version for row in rows}
