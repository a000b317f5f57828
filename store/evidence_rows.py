"""The log's rows in and out of the database, each group of them in one call.

A driver lets the interpreter's lock go at each call. A thread that writes or reads thousands of
rows one by one stands in line for it thousands of times while another thread works; one call a
group waits once, and the database's work is done beside Python's.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from msgspec import Struct
from msgspec.json import encode
from sqlalchemy import Connection, TextClause, text

from evidence.errors import LogDamagedError
from evidence.tree import HASH_BYTES, TileNode
from store.engine import is_sqlite

NO_ID = bytes(HASH_BYTES)
"""Stands for an entry without an id where ids travel behind one another; no id has this hash."""


class StoredRow(Struct, frozen=True, gc=False):
    """A row of the log as the database holds it."""

    index: int
    id_hash: bytes | None
    leaf_hash: bytes
    data: bytes


class NewRows(Struct):
    """Rows to be written from index ``start`` on: ids' hashes (``NO_ID``), leaf hashes, bytes."""

    start: int
    ids: list[bytes]
    leaves: list[bytes]
    data: list[bytes]


def insert_rows(conn: Connection, rows: NewRows) -> None:
    """Write entries; their bytes travel as one value that the database cuts up."""
    ends = accumulate(map(len, rows.data), initial=1)
    places = [end << 16 | len(data) for end, data in zip(ends, rows.data, strict=False)]
    values = {
        "start": rows.start, "places": encode(places).decode(), "none": NO_ID,
        "ids": b"".join(rows.ids), "leaves": b"".join(rows.leaves), "data": b"".join(rows.data),
    }  # fmt: skip
    conn.execute(_INSERT_ROWS[is_sqlite(conn)], values)


def insert_nodes(conn: Connection, nodes: Sequence[TileNode]) -> None:
    """Write roots of full tiles, and of half ones."""
    places = [node.position << 8 | node.level for node in nodes]
    values = {"places": encode(places).decode(), "hashes": b"".join(node.hash for node in nodes)}
    conn.execute(_INSERT_NODES[is_sqlite(conn)], values)


def rows_at(conn: Connection, places: Sequence[int]) -> list[StoredRow]:
    """The rows at these places, as far as they are there."""
    if not places:
        return []
    found = conn.execute(_ROWS_AT[is_sqlite(conn)], {"places": encode(places).decode()})
    return [StoredRow(*row) for row in found]


def read_ids(conn: Connection, start: int, end: int) -> bytes:
    """The ids' hashes of the entries ``[start, end)`` behind one another, ``NO_ID`` where none.

    Raises:
        LogDamagedError: one of them is missing, or has another length.
    """
    values = {"start": start, "end": end, "none": NO_ID}
    count, hashes = conn.execute(_IDS[is_sqlite(conn)], values).one()
    found = bytes(hashes or b"")
    if count != end - start or len(found) != HASH_BYTES * count:
        raise LogDamagedError(f"an id between {start} and {end} is missing")
    return found


def read_back(conn: Connection, start: int, end: int) -> tuple[list[bytes], bytes]:
    """The stored bytes of the entries ``[start, end)``, and their leaf hashes behind one another.

    Entries have no newline, so that a change which makes one gives another number of them.

    Raises:
        LogDamagedError: one of them is missing.
    """
    row = conn.execute(_READ_BACK[is_sqlite(conn)], {"start": start, "end": end}).one()
    data = bytes(row[0] or b"").split(b"\n")
    if len(data) != end - start:
        raise LogDamagedError(f"entries between {start} and {end} are missing or changed")
    return data, bytes(row[1] or b"")


class Hashes(NamedTuple):
    """Stored hashes ``[start, end)`` of leaves (level None), or of a level of :class:`TileNode`."""

    level: int | None
    start: int
    end: int


def read_hashes(conn: Connection, ranges: Sequence[Hashes]) -> list[bytes]:
    """Stored hashes behind one another, of each range as far as there are any, in one call; of
    level 0 none where one is missing.

    Raises:
        LogDamagedError: one before the last of a range is missing, or has another length.
    """
    values, found = dict[str, int](), list[bytes]()
    for n, (level, start, end) in enumerate(ranges):
        values |= {f"start{n}": start, f"end{n}": end}
        values |= {} if level is None else {f"level{n}": level}
    query = _hashes(tuple(one.level is not None for one in ranges), is_sqlite(conn))
    rows = sorted(tuple(row) for row in conn.execute(query, values))
    for (level, start, end), (_, count, last, hashes) in zip(ranges, rows, strict=True):
        whole = not count or last == start + count - 1
        stored = bytes(hashes or b"")
        if level == 0 and not whole:
            stored = b""  # A log of before has none where it was begun.
        elif not whole or len(stored) != HASH_BYTES * count:
            raise LogDamagedError(f"a hash of level {level or 0} of {start} to {end} is missing")
        found.append(stored)
    return found


_PLACES = {
    True: "(SELECT key AS i, value AS place FROM json_each(:places)) AS p",
    False: (
        "(SELECT i - 1 AS i, CAST(value AS bigint) AS place FROM "
        "json_array_elements_text(CAST(:places AS json)) WITH ORDINALITY AS e (value, i)) AS p"
    ),
}
"""Numbers as rows, by whether the database is SQLite: 0, 1, … and the number."""


def _cut(blob: str, i: str = "i") -> str:
    """SQL of hash ``i`` of those behind one another."""
    return f"substr(:{blob}, CAST({i} * {HASH_BYTES} + 1 AS integer), {HASH_BYTES})"


def _insert_rows(places: str) -> TextClause:
    data = "substr(:data, CAST(place / 65536 AS integer), CAST(place % 65536 AS integer))"
    return text(
        "INSERT INTO evidence_entries (seq, id_hash, leaf_hash, data) "
        f"SELECT :start + i, NULLIF({_cut('ids')}, :none), {_cut('leaves')}, {data} FROM {places}"
    )


def _insert_nodes(places: str) -> TextClause:
    return text(
        "INSERT INTO evidence_nodes (level, position, hash) "
        f"SELECT CAST(place % 256 AS smallint), place / 256, {_cut('hashes')} FROM {places}"
    )


_INSERT_ROWS = {on_sqlite: _insert_rows(places) for on_sqlite, places in _PLACES.items()}
_INSERT_NODES = {on_sqlite: _insert_nodes(places) for on_sqlite, places in _PLACES.items()}

_ROWS_AT = {
    on_sqlite: text(
        "SELECT e.seq, e.id_hash, e.leaf_hash, e.data "
        f"FROM {places} JOIN evidence_entries e ON e.seq = place"
    )
    for on_sqlite, places in _PLACES.items()
}


def _joined(column: str, between: str, key: str, on_sqlite: bool) -> str:
    """SQL that puts a column's bytes behind one another in the order of ``key``.

    SQLite takes them in the order of the query below: that of a range of the table's own key.
    """
    if on_sqlite:
        return f"CAST(group_concat({column}, CAST(x'{between}' AS TEXT)) AS BLOB)"
    return f"string_agg({column}, decode('{between}', 'hex') ORDER BY {key})"


@lru_cache
def _hashes(above: tuple[bool, ...], on_sqlite: bool) -> TextClause:
    """SQL of ranges of hashes, a row each: of leaves, or of a level above them."""
    selects = []
    for n, of_nodes in enumerate(above):
        column, key, table = _NODES if of_nodes else _LEAVES
        columns = f"{n}, count(*), max({key}), {_joined(column, '', key, on_sqlite)}"
        where = f"{key} >= :start{n} AND {key} < :end{n}"
        where += f" AND level = :level{n}" if of_nodes else ""
        selects.append(f"SELECT {columns} FROM {table} WHERE {where}")
    return text(" UNION ALL ".join(selects))


def _ids(on_sqlite: bool) -> TextClause:
    hashes = _joined("coalesce(id_hash, :none)", "", "seq", on_sqlite)
    table = "evidence_entries WHERE seq >= :start AND seq < :end"
    return text(f"SELECT count(*), {hashes} FROM {table}")


def _back(on_sqlite: bool) -> TextClause:
    columns = (_joined("data", "0a", "seq", on_sqlite), _joined("leaf_hash", "", "seq", on_sqlite))
    table = "evidence_entries WHERE seq >= :start AND seq < :end"
    return text(f"SELECT {', '.join(columns)} FROM {table}")


_LEAVES = ("leaf_hash", "seq", "evidence_entries")
_NODES = ("hash", "position", "evidence_nodes")
_READ_BACK = {one: _back(one) for one in (True, False)}
_IDS = {one: _ids(one) for one in (True, False)}
