"""Stored item events as EPCIS queries find them: by columns and touches, a page at a time."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, text

from custody.epcis.query import EventQuery, Named, answers
from events.identity import Identity
from store.columns import as_list, rows_of
from store.transactions import reading

Place = tuple[int, str]
"""Where an event stands in the order that was asked for: time in microseconds, identity."""
_CHUNK = 500


class FoundEvent(NamedTuple):
    """A stored event; ``place`` continues the query behind it."""

    place: Place
    event_id: str
    received_us: int
    event: dict[str, Any]


class _Where:
    """Conditions and their parameters."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.conditions: list[str] = []
        self.parameters: dict[str, Any] = {}

    def name(self, value: Any) -> str:
        """A new parameter."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return name

    def one_of(self, column: str, values: tuple[str, ...]) -> str:
        """The column has one of the values."""
        rows = rows_of(self.connection, self.name(as_list(values)))
        return f"{column} IN {rows}"


def find_events(
    engine: Engine, query: EventQuery, most: int, after: Place | None = None
) -> list[FoundEvent]:
    """Up to ``most`` events behind ``after``, in the order that the query asks for."""
    found: list[FoundEvent] = []
    with reading(engine) as connection:
        for event in _candidates(connection, query, most, after):
            if answers(query, event.event):
                found.append(event)
                if len(found) == most:
                    break
    return found


def _candidates(
    connection: Connection, query: EventQuery, most: int, after: Place | None
) -> Iterator[FoundEvent]:
    chunk = _CHUNK if query.others else most
    while True:
        page = _page(connection, query, chunk, after)
        yield from page
        if len(page) < chunk:
            return
        after = page[-1].place


def _page(
    connection: Connection, query: EventQuery, most: int, after: Place | None
) -> list[FoundEvent]:
    where = _conditions(connection, query)
    direction, beyond = ("DESC", "<") if query.descending else ("ASC", ">")
    column = query.order_by
    if after is not None:
        at, identity = where.name(after[0]), where.name(after[1])
        where.conditions.append(f"(s.{column}, s.identity) {beyond} (:{at}, :{identity})")
    condition = " AND ".join(where.conditions) or "true"
    rows = connection.execute(
        text(
            f"SELECT s.identity, s.{column} AS place_us, e.received_us, e.raw FROM item_steps s "
            f"JOIN events e ON e.identity = s.identity WHERE {condition} "
            f"ORDER BY s.{column} {direction}, s.identity {direction} LIMIT {most}"
        ),
        where.parameters,
    )
    return [_found(row) for row in rows]


def _found(row: Any) -> FoundEvent:
    line = msgspec.json.decode(row.raw)
    return FoundEvent(
        (row.place_us, row.identity), line["event_id"], row.received_us, line["event"]
    )


def _conditions(connection: Connection, query: EventQuery) -> _Where:
    where = _Where(connection)
    for column, values in query.equal.items():
        where.conditions.append(where.one_of(f"s.{column}", values))
    if query.event_ids:
        ids = tuple(f"item_event:{one}{end}" for one in query.event_ids for end in ("", "#error"))
        where.conditions.append(where.one_of("s.identity", ids))
    for named in query.named:
        where.conditions.append(_touching(where, named))
    for column, limit in query.from_us.items():
        where.conditions.append(f"s.{column} >= :{where.name(limit)}")
    for column, limit in query.before_us.items():
        where.conditions.append(f"s.{column} < :{where.name(limit)}")
    return where


def _touching(where: _Where, named: Named) -> str:
    epcs = []
    if named.epcs:
        epcs.append(where.one_of("t.epc", named.epcs))
    for prefix in named.prefixes:
        pattern = prefix.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        epcs.append(f"t.epc LIKE :{where.name(pattern)} ESCAPE '!'")
    roles = where.one_of("t.role", named.roles)
    return (
        "s.identity IN (SELECT t.identity FROM touches t "
        f"WHERE ({' OR '.join(epcs)}) AND {roles})"
    )


def events_under(engine: Engine, identities: set[Identity]) -> dict[Identity, bytes]:
    """What is stored under these identities, as it came."""
    with reading(engine) as connection:
        rows = connection.execute(
            text(
                "SELECT identity, raw FROM events "
                f"WHERE identity IN {rows_of(connection, 'identities')}"
            ),
            {"identities": as_list(identities)},
        )
        return {row.identity: row.raw.encode() for row in rows}
