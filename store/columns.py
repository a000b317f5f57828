"""Many rows in one statement, on both databases: rows and lists travel as one JSON parameter.

PostgreSQL unpacks it on the server, which costs a client far less than arrays or single rows;
SQLite does the same with ``json_each``, but takes what is inserted row by row. Many rows come back
as one JSON text likewise.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from store.engine import is_sqlite

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Any]).decode


def rows_of(connection: Connection, name: str) -> str:
    """SQL of a table with one text column ``value``: the JSON list parameter ``name``."""
    if is_sqlite(connection):
        return f"(SELECT value FROM json_each(:{name}))"
    return f"(SELECT value FROM json_array_elements_text(CAST(:{name} AS json)))"


def as_list(values: Collection[str]) -> str:
    """The parameter for ``rows_of``; sorted, so that locks are always taken in one order."""
    return _encode(sorted(values)).decode()


def list_of(connection: Connection, *fields: str) -> str:
    """SQL that gathers rows into one JSON text, a list of lists; null where there are none.

    Hundreds of rows cost a client many times what one long text does.
    """
    names = ", ".join(fields)
    if is_sqlite(connection):
        return f"json_group_array(json_array({names}))"
    return f"CAST(json_agg(json_build_array({names})) AS text)"


def lists_by(connection: Connection, key: str, *fields: str, rows: str) -> str:
    """SQL of one JSON text as of ``list_of``, of the table ``rows`` by a key that need not be said
    again with each row: pairs of the key and its list of lists."""
    cast = "json(own)" if is_sqlite(connection) else "CAST(own AS json)"
    return (
        f"SELECT {list_of(connection, key, cast)} FROM"
        f" (SELECT {key}, {list_of(connection, *fields)} AS own FROM {rows} GROUP BY {key}) AS one"
    )


def writing(
    connection: Connection,
    statement: str,
    parameters: dict[str, Any],
    *returning: str,
    asked: str = "true",
) -> list[Any]:
    """Run an INSERT or UPDATE that returns rows of these columns; the rows, as lists. Of others
    than those ``asked`` for PostgreSQL says nothing."""
    written = f"{statement} RETURNING {', '.join(returning)}"
    if is_sqlite(connection):
        return [list(row) for row in connection.execute(text(written), parameters).all()]
    told = f"SELECT {list_of(connection, *returning)} FROM written WHERE {asked}"
    found = connection.execute(text(f"WITH written AS ({written}) {told}"), parameters).scalar()
    return [] if found is None else _decode(found)


def insert_new(
    connection: Connection, table: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]
) -> set[Any]:
    """Insert the rows whose primary key (the first column) is not there yet; return those keys.

    Args:
        columns: name → PostgreSQL type, in the order of each row's values.
    """
    if not rows:
        return set()
    key = next(iter(columns))
    if is_sqlite(connection):
        known = _known(connection, table, key, [row[0] for row in rows])
        fresh = [tuple(row) for row in rows if row[0] not in known]
        _insert_many(connection, table, columns, fresh)
        return {row[0] for row in fresh}
    # Nearly always all are new, and then none has to be named.
    written = f"WITH written AS ({_insertion(table, columns)} RETURNING {key})"
    some = f"CASE WHEN count(*) < :all THEN {list_of(connection, key)} END"
    count, found = connection.execute(
        text(f"{written} SELECT count(*), {some} FROM written"),
        {**_parameters(rows), "all": len(rows)},
    ).one()
    if count == len(rows):
        return {row[0] for row in rows}
    return set() if found is None else {row[0] for row in _decode(found)}


def insert_absent(
    connection: Connection, table: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """The same for whoever needs not know which they were."""
    if is_sqlite(connection):
        _insert_many(connection, table, columns, [tuple(row) for row in rows])
    elif rows:
        connection.execute(text(_insertion(table, columns)), _parameters(rows))


def _known(connection: Connection, table: str, key: str, keys: Sequence[str]) -> set[Any]:
    """Which keys are there already; SQLite has one writer, so that nobody adds any meanwhile."""
    query = f"SELECT {key} FROM {table} WHERE {key} IN {rows_of(connection, 'keys')}"
    return set(connection.execute(text(query), {"keys": as_list(keys)}).scalars().all())


def _insert_many(
    connection: Connection, table: str, columns: dict[str, str], rows: list[tuple[Any, ...]]
) -> None:
    """SQLite runs a prepared statement for each row at a fraction of what unpacking JSON costs."""
    if rows:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        connection.exec_driver_sql(f"{statement} ON CONFLICT DO NOTHING", rows)


def _insertion(table: str, columns: dict[str, str]) -> str:
    fields = ", ".join(f"CAST(value ->> {i} AS {kind})" for i, kind in enumerate(columns.values()))
    source = f"SELECT {fields} FROM json_array_elements(CAST(:rows AS json))"
    return f"INSERT INTO {table} ({', '.join(columns)}) {source} ON CONFLICT DO NOTHING"


def _parameters(rows: Sequence[Sequence[Any]]) -> dict[str, str]:
    return {"rows": _encode(rows).decode()}
