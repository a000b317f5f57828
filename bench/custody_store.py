"""A store of many items in cases, as packing events left it, written past the pipeline.

Every tenth case was sold and its items read once each; they stay where they are, and are there only
to be passed over. Serials and event ids are scattered over their range, as they are in life:
neighbours in a case are no neighbours in an index. Rows are made by the database itself and its
indexes in one go, so that ten million items take minutes.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, text

from codes.checksums import check_digit
from events.model import ItemEvent, Scan
from events.timed import from_microseconds, timed
from events.wire import encode_event
from store.engine import is_sqlite
from store.incoming import Incoming, incoming_of
from store.schema import metadata
from store.schema.events import touches

PER_CASE = 100
BEGIN_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000
_RANGE = 10**10
_FACTOR = 6_180_339_887
"""Has no divisor in common with the range, so that ``number * factor % range`` never repeats."""


def scattered(number: int) -> str:
    """Ten digits, other ones for each number."""
    return f"{number * _FACTOR % _RANGE:010d}"


def case_uri(number: int) -> str:
    """The SSCC of a case."""
    digits = f"3950600{scattered(number)}"
    return f"https://id.gs1.org/00/{digits}{check_digit(digits)}"


def item_uri(number: int) -> str:
    """An item; a hundred numbers that follow each other lie in one case."""
    return f"{_ITEM}{scattered(number)}"


def incoming(event_id: str, hour: int, **members: Any) -> Incoming:
    """An event of an hour after the packing."""
    at = from_microseconds(BEGIN_US + hour * HOUR_US)
    event = {"type": "ObjectEvent", "eventTime": at.isoformat(), "eventTimeZoneOffset": "+00:00",
             "action": "OBSERVE", **members}  # fmt: skip
    one = ItemEvent(event_id=event_id, received_at=at, event=event)
    return incoming_of(timed(one), encode_event(one))


def packed(case: int) -> Incoming:
    """The event that packs a case."""
    return incoming(
        f"packed-{scattered(case)}", 0, type="AggregationEvent", action="ADD", bizStep="packing",
        parentID=case_uri(case),
        childEPCs=[item_uri(case * PER_CASE + place) for place in range(PER_CASE)],
    )  # fmt: skip


def fill(engine: Engine, items: int) -> None:
    """An empty database with so many items in cases."""
    metadata.create_all(engine)
    index = next(one for one in touches.indexes if one.name == "ix_touches_identity")
    with engine.begin() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE made (number BIGINT, epc TEXT, name TEXT)"))
        rows = [{"number": n, "epc": case_uri(n), "name": f"item_event:packed-{scattered(n)}"}
                for n in range(items // PER_CASE)]  # fmt: skip
        for begin in range(0, len(rows), 10_000):
            connection.execute(
                text("INSERT INTO made VALUES (:number, :epc, :name)"), rows[begin : begin + 10_000]
            )
        connection.execute(
            text(
                "INSERT INTO item_steps (identity, step, event_type, action, biz_step, happened_us,"
                " received_us) SELECT name, replace(replace(:step, :name, name), :epc, epc),"
                " 'AggregationEvent', 'ADD', 'packing', CAST(:us AS BIGINT), CAST(:us AS BIGINT)"
                " FROM made ORDER BY name"
            ),
            {"step": msgspec.json.encode(packed(0).step).decode(), "us": BEGIN_US,
             "name": rows[0]["name"], "epc": rows[0]["epc"]},
        )  # fmt: skip
        _read_once(connection)
        index.drop(connection)
        for statement in _touches(connection):
            connection.execute(text(statement))
        index.create(connection)
    _settle(engine)


def was_read(case: int) -> bool:
    """Whether the items of a case were read."""
    return case % 10 == 9


def _read_once(connection: Connection) -> None:
    """A scan of each item of the cases that were sold."""
    raw = encode_event(
        Scan(
            event_id="scanned", received_at=from_microseconds(BEGIN_US), signature="valid",
            scanned_at=from_microseconds(BEGIN_US), reader="consumer", gtin="09506000134352",
            serial="0" * 10, issued=True, uri="https://id.brand.example/01/09506000134352/21/",
        )
    ).decode()  # fmt: skip
    connection.execute(
        text(
            f"{_PLACES} INSERT INTO events SELECT 'scan:' || {_digits(connection)}, 'scan',"
            f" '{_ITEM}' || {_digits(connection)}, CAST(:us AS BIGINT), CAST(:us AS BIGINT),"
            " CAST(:raw AS TEXT) FROM made CROSS JOIN place WHERE made.number % 10 = 9 ORDER BY 1"
        ),
        {"us": BEGIN_US, "raw": raw},
    )
    connection.execute(
        text(
            f"{_PLACES} INSERT INTO lively SELECT made.name, '{_ITEM}' || {_digits(connection)}"
            " FROM made CROSS JOIN place WHERE made.number % 10 = 9 ORDER BY 1, 2"
        )
    )


def _touches(connection: Connection) -> Iterator[str]:
    """In the order of the primary key, so that its index is written from one end to the other."""
    yield "INSERT INTO touches SELECT epc, name, 'parent' FROM made ORDER BY epc"
    yield (
        f"{_PLACES} INSERT INTO touches SELECT '{_ITEM}' || {_digits(connection)}, made.name,"
        " 'child' FROM made CROSS JOIN place ORDER BY 1"
    )


def _digits(connection: Connection) -> str:
    """SQL of ``scattered`` for the items of ``made`` and ``place``."""
    number = f"(made.number * {PER_CASE} + place.number) * {_FACTOR} % {_RANGE}"
    if is_sqlite(connection):
        return f"printf('%010d', {number})"
    return f"lpad(CAST({number} AS TEXT), 10, '0')"


_ITEM = "https://id.gs1.org/01/09506000134352/21/"
_PLACES = (
    "WITH RECURSIVE place(number) AS (SELECT CAST(0 AS BIGINT) UNION ALL"
    f" SELECT number + 1 FROM place WHERE number < {PER_CASE - 1})"
)


def _settle(engine: Engine) -> None:
    """What a server does by itself in time: PostgreSQL's statistics."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE touches, item_steps, events, lively"))
