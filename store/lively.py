"""What has a history of its own among what events put into containers (table ``lively``).

A case that moves bears on what is in it. Nearly all of that was only made and packed, and has never
been read: there is nothing to judge of it. So a walk down a case looks at these rows, and not at
each of 10,000 items among all that are stored. A row too many costs a look; one too few would lose
a judgement (ADR 0038 says why none is).
"""

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, text

from events.identity import Identity
from store.columns import as_list, insert_absent, list_of, rows_of

HANDLED = (
    "(sum(CASE WHEN t.role IN ('self', 'child', 'input') THEN 1 ELSE 0 END)"
    " - sum(CASE WHEN t.role = 'self' AND s.biz_step = 'commissioning' THEN 1 ELSE 0 END) > 1"
    " OR sum(CASE WHEN t.role = 'self' AND s.biz_step = 'commissioning' THEN 1 ELSE 0 END) > 1"
    " OR (sum(CASE WHEN t.role = 'child' THEN 1 ELSE 0 END) > 0"
    " AND sum(CASE WHEN t.role = 'parent' THEN 1 ELSE 0 END) > 0))"
)
"""Whether events name a thing often enough to contradict each other: twice besides being made, made
twice, or as content and as container. One that was made and packed is none: the 10,000 items of a
case cost nothing when the case moves."""
MOVED = (
    "sum(CASE WHEN t.role IN ('self', 'child') AND s.biz_step IN ('shipping', 'receiving',"
    " 'accepting') THEN 1 ELSE 0 END) > 0"
)
"""Whether a thing was shipped or received: asked where a permit's quantity may count it."""
TOUCHING = "touches t JOIN item_steps s ON s.identity = t.identity"

Packed = set[tuple[Identity, str]]
"""Pairs of the event that packed a thing, and the thing."""
_packed_decoder = msgspec.json.Decoder(list[tuple[Identity, str]])


def note_read(connection: Connection, items: Collection[str]) -> Packed:
    """Of items that are read for the first time: keep them as lively wherever they were packed, as
    far as that is stored; which these are."""
    raw = connection.execute(
        text(
            f"SELECT {list_of(connection, 'identity', 'epc')} FROM touches WHERE role = 'child'"
            f" AND epc IN {rows_of(connection, 'items')}"
        ),
        {"items": as_list(items)},
    ).scalar()
    found = set(_packed_decoder.decode(raw or "[]"))
    insert_absent(connection, "lively", {"identity": "text", "epc": "text"}, sorted(found))
    return found


def note_named(connection: Connection, epcs: Collection[str]) -> None:
    """Of things that stored item events name: keep those as lively that were read, that hold other
    things, or whose events may contradict each other or move them by themselves."""
    connection.execute(
        text(
            "INSERT INTO lively (identity, epc) SELECT c.identity, c.epc FROM touches c"
            f" WHERE c.role = 'child' AND c.epc IN {rows_of(connection, 'epcs')} AND ("
            "EXISTS (SELECT 1 FROM events e WHERE e.subject = c.epc AND e.kind = 'scan')"
            " OR EXISTS (SELECT 1 FROM touches p WHERE p.epc = c.epc AND p.role = 'parent')"
            f" OR (SELECT {HANDLED} OR {MOVED} FROM {TOUCHING} WHERE t.epc = c.epc))"
            " ORDER BY c.identity, c.epc ON CONFLICT DO NOTHING"
        ),
        {"epcs": as_list(epcs)},
    )
