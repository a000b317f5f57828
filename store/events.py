"""Stored events: written once each by identity, read by what they are about."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, text

from custody import Role, Step, read_step
from custody.epcis.event_hash import event_hash
from events.errors import EventError
from events.identity import KINDS, Identity
from events.model import AnyEvent, ItemEvent, Offer, Order, Position, Scan
from events.timed import Timed, timed
from events.wire import decode_event
from rules.item import item_of
from store.columns import as_list, insert_absent, insert_new, list_of, rows_of, writing
from store.engine import is_sqlite
from store.lively import HANDLED, MOVED, TOUCHING

_step_decoder = msgspec.json.Decoder(Step)
_steps_decoder = msgspec.json.Decoder(list[Step])
_touches_decoder = msgspec.json.Decoder(list[tuple[str, Role, str]])
_encode = msgspec.json.Encoder().encode


class Incoming(Struct, frozen=True, gc=False):
    """An event on its way into the store: decoded, timed, as the bytes that came, and what it is
    found by."""

    timed: Timed[AnyEvent]
    raw: bytes
    subject: str
    step: Step | None = None
    roles: dict[str, Role] | None = None

    @property
    def identity(self) -> Identity:
        """The event's identity."""
        return self.timed.identity


class Stored(NamedTuple):
    """What storing did: what is new, what an earlier arrival replaced (``moved``: the new one,
    ``displaced``: the old one); of two contents under one identity the later is refused."""

    fresh: set[Identity]
    moved: set[Identity]
    displaced: list["Incoming"]
    refused: list[tuple[bytes, str]]


def subject_of(event: AnyEvent) -> str:
    """What an event is found by: item, tracker or product."""
    match event:
        case Scan():
            return item_of(event)
        case Position(tracker_id=tracker_id):
            return tracker_id
        case Order(gtin=gtin) | Offer(gtin=gtin):
            return gtin
        case _:
            return ""


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
    parameters = {"subjects": as_list(set(subjects))}
    return dict(writing(connection, statement, parameters, "subject", "version"))


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


class StoredHistory:
    """``judging.History`` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._now_us: int | None = None

    def scans_of(self, items: Collection[str]) -> dict[str, list[Timed[Scan]]]:
        """All scans of each item."""
        rows = self._connection.execute(
            text(
                "SELECT subject, identity, happened_us, received_us, raw FROM events "
                f"WHERE kind = 'scan' AND subject IN {rows_of(self._connection, 'items')}"
            ),
            {"items": as_list(items)},
        )
        found: dict[str, list[Timed[Scan]]] = {}
        for subject, identity, at_us, received_us, raw in rows:
            scan: Scan = decode_event(raw)  # type: ignore[assignment]
            found.setdefault(subject, []).append(Timed(identity, at_us, received_us, scan))
        return found

    def steps_of(self, epcs: Collection[str]) -> dict[str, list[tuple[Step, Role]]]:
        """All item events that name each EPC, and its role in them."""
        joined = "group_concat" if is_sqlite(self._connection) else "string_agg"
        touched, raw = self._connection.execute(
            text(
                "WITH named AS (SELECT epc, role, identity FROM touches"
                f" WHERE epc IN {rows_of(self._connection, 'epcs')})"
                f" SELECT (SELECT {list_of(self._connection, 'epc', 'role', 'identity')}"
                " FROM named),"
                f" (SELECT {joined}(step, ',') FROM item_steps"
                " WHERE identity IN (SELECT identity FROM named))"
            ),
            {"epcs": as_list(epcs)},
        ).one()
        steps = {step.identity: step for step in _steps_decoder.decode(f"[{raw or ''}]")}
        found: dict[str, list[tuple[Step, Role]]] = {}
        for epc, role, identity in _touches_decoder.decode(touched or "[]"):
            found.setdefault(epc, []).append((steps[identity], role))
        return found

    def contents_of(self, identities: Collection[Identity]) -> dict[Identity, tuple[str, ...]]:
        """What each item event names as put into, or taken out of, a container; in order."""
        rows = self._connection.execute(
            text(
                "SELECT identity, epc FROM touches WHERE role = 'child'"
                f" AND identity IN {rows_of(self._connection, 'identities')} ORDER BY epc"
            ),
            {"identities": as_list(identities)},
        )
        found: dict[Identity, list[str]] = {}
        for identity, epc in rows:
            found.setdefault(identity, []).append(epc)
        return {identity: tuple(epcs) for identity, epcs in found.items()}

    def packings_of(self, epcs: Collection[str]) -> dict[str, list[Step]]:
        """The item events that name each EPC as a container."""
        rows = self._connection.execute(
            text(
                "SELECT t.epc, s.step FROM touches t JOIN item_steps s ON s.identity = t.identity"
                f" WHERE t.role = 'parent' AND t.epc IN {rows_of(self._connection, 'epcs')}"
            ),
            {"epcs": as_list(epcs)},
        )
        found: dict[str, list[Step]] = {}
        for epc, step in rows:
            found.setdefault(epc, []).append(_step_decoder.decode(step))
        return found

    def trade_of(self, identities: Collection[Identity]) -> list[Timed[Order | Offer]]:
        """These orders and offers."""
        rows = self._connection.execute(
            text(
                "SELECT identity, happened_us, received_us, raw FROM events "
                f"WHERE identity IN {rows_of(self._connection, 'identities')}"
            ),
            {"identities": as_list(identities)},
        )
        found: list[Timed[Order | Offer]] = []
        for identity, at_us, received_us, raw in rows:
            event: Order | Offer = decode_event(raw)  # type: ignore[assignment]
            found.append(Timed(identity, at_us, received_us, event))
        return found

    def now_us(self) -> int:
        """The largest arrival of any event or tick; 0 where there is none."""
        if self._now_us is None:
            newest = self._connection.execute(text("SELECT max(received_us) FROM events")).scalar()
            self._now_us = int(newest or 0)
        return self._now_us

    def positions_of(self, tracker_id: str, from_us: int, to_us: int) -> list[Timed[Position]]:
        """The tracker's fixes in ``[from_us, to_us)``."""
        rows = self._connection.execute(
            text(
                "SELECT identity, happened_us, received_us, raw FROM events WHERE kind = 'position'"
                " AND subject = :tracker AND happened_us >= :begin AND happened_us < :end"
            ),
            {"tracker": tracker_id, "begin": from_us, "end": to_us},
        )
        found: list[Timed[Position]] = []
        for identity, at_us, received_us, raw in rows:
            position: Position = decode_event(raw)  # type: ignore[assignment]
            found.append(Timed(identity, at_us, received_us, position))
        return found


def _within(connection: Connection) -> str:
    """``within(epc)``: the EPCs of the parameter, and of what was ever packed into them all that is
    lively (``store.lively``)."""
    return (
        "WITH RECURSIVE within(epc) AS ("
        f" SELECT e.value FROM {rows_of(connection, 'epcs')} AS e UNION"
        + _for_each(
            connection,
            "within",
            "lively.epc",
            "touches parent JOIN lively ON lively.identity = parent.identity",
            "parent.epc = within.epc AND parent.role = 'parent'",
        )
        + ")"
    )


def _for_each(connection: Connection, rows: str, found: str, joined: str, condition: str) -> str:
    """``SELECT``: what is found for each of the rows, by look-ups. PostgreSQL takes a recursion's
    rows for many and would read a whole table for all of them at once; ``OFFSET 0`` forbids it."""
    if is_sqlite(connection):
        return f" SELECT {found} FROM {rows} JOIN {joined} WHERE {condition}"
    return (
        f" SELECT one.epc FROM {rows} CROSS JOIN LATERAL"
        f" (SELECT {found} FROM {joined} WHERE {condition} OFFSET 0) AS one"
    )


def handled_within(
    connection: Connection,
    epcs: Collection[str],
    *,
    beside: Collection[str],
    since_us: int,
    moved: bool = False,
) -> set[str]:
    """Things among the EPCs and all that was ever packed into them, and among those ``beside``,
    whose events may contradict each other, or with ``moved`` also what was shipped or received; and
    which an event from ``since_us`` on names."""
    twice = "EXISTS (SELECT 1 FROM touches o WHERE o.epc = near.epc LIMIT 1 OFFSET 1)"
    condition = f"({HANDLED} OR {MOVED})" if moved else HANDLED
    # A question for each thing: joined, SQLite would walk all touches there are. The first spares
    # what was only packed the second.
    rows = connection.execute(
        text(
            f"{_within(connection)} SELECT near.epc FROM (SELECT epc FROM within UNION"
            f" SELECT b.value FROM {rows_of(connection, 'beside')} AS b) AS near"
            f" WHERE {'true' if moved else twice} AND (SELECT {condition}"
            " AND max(CASE WHEN t.role <> 'parent' THEN s.happened_us END) >= :since_us"
            f" FROM {TOUCHING} WHERE t.epc = near.epc)"
        ),
        {"epcs": as_list(epcs), "beside": as_list(beside), "since_us": since_us},
    )
    return {row.epc for row in rows}


def handled_epcs(connection: Connection, *, moved: bool = False) -> list[str]:
    """All things whose events may contradict each other, or with ``moved`` also what was shipped or
    received; those that were packed together follow each other, so that what bears on all of them
    need not be read for each."""
    condition = f"({HANDLED} OR {MOVED})" if moved else HANDLED
    packed = "min(CASE WHEN t.role = 'child' THEN t.identity END)"
    rows = connection.execute(
        text(
            f"SELECT t.epc FROM {TOUCHING} GROUP BY t.epc HAVING {condition}"
            f" ORDER BY {packed}, t.epc"
        )
    )
    return [row.epc for row in rows]


def containers_above(connection: Connection, epcs: Collection[str]) -> set[str]:
    """The EPCs, and all containers that they or their containers were ever packed into."""
    rows = connection.execute(
        text(
            "WITH RECURSIVE above(epc) AS ("
            f" SELECT e.value FROM {rows_of(connection, 'epcs')} AS e UNION"
            + _for_each(
                connection,
                "above",
                "parent.epc",
                "touches child JOIN touches parent ON parent.identity = child.identity",
                "child.epc = above.epc AND child.role = 'child' AND parent.role = 'parent'",
            )
            + ") SELECT epc FROM above"
        ),
        {"epcs": as_list(epcs)},
    )
    return {row.epc for row in rows}


def items_within(connection: Connection, epcs: Collection[str]) -> set[str]:
    """Items with stored scans among the EPCs and all that was ever packed into them."""
    # A look-up for each: joined, both databases would walk all events that there are.
    scanned = "SELECT 1 FROM events e WHERE e.subject = within.epc AND e.kind = 'scan'"
    found = (
        f"WHERE EXISTS ({scanned})"
        if is_sqlite(connection)
        else f"CROSS JOIN LATERAL ({scanned} LIMIT 1) AS one"
    )
    rows = connection.execute(
        text(f"{_within(connection)} SELECT epc FROM within {found}"),
        {"epcs": as_list(epcs)},
    )
    return {row.epc for row in rows}


def incoming_of(event: Timed[AnyEvent], raw: bytes, *, plain: bool = False) -> Incoming:
    """An event ready to be stored; ``plain`` where bytes around it are known to be (``is_plain``).

    Raises:
        EventError: an item event that custody cannot read, or text that no database can hold.
    """
    one = event.event
    if isinstance(one, ItemEvent):
        incoming = Incoming(event, raw, "", *read_step(one))
    else:
        incoming = Incoming(event, raw, subject_of(one))
    if not (plain or is_plain(raw)):
        _refuse_bad_text(incoming)
    return incoming


def is_plain(raw: bytes) -> bool:
    """Whether bytes of JSON hold only text that any database can. A look at all of them spares
    nearly every event the look at its keys: JSON can say NUL only so."""
    return raw.isascii() and b"\\u0000" not in raw


def _refuse_bad_text(incoming: Incoming) -> None:
    try:
        incoming.raw.decode()
    except UnicodeDecodeError as error:
        raise EventError(f"not UTF-8: {error}") from None
    if any("\0" in key for key in [incoming.identity, incoming.subject, *(incoming.roles or ())]):
        raise EventError("an identifier holds a NUL character")
