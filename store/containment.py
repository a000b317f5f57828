"""Which things lie, or ever lay, in which: containers and what is within them."""

from collections.abc import Collection

from sqlalchemy import Connection, text

from store.columns import as_list, rows_of
from store.engine import is_sqlite
from store.lively import HANDLED, MOVED, TOUCHING


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
