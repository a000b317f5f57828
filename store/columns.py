"""Many rows in one statement, on both databases: rows and lists travel as one JSON parameter.

PostgreSQL unpacks it on the server, which costs a client far less than arrays or single rows;
SQLite does the same with ``json_each``.
"""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, text

_encode = msgspec.json.Encoder().encode


def rows_of(connection: Connection, name: str) -> str:
    """SQL of a table with one text column ``value``: the JSON list parameter ``name``."""
    if connection.dialect.name == "sqlite":
        return f"(SELECT value FROM json_each(:{name}))"
    return f"(SELECT value FROM json_array_elements_text(CAST(:{name} AS json)))"




def as_list(values: Collection[str]) -> str:
    """The parameter for ``rows_of``; sorted, so that locks are always taken in one order."""
    return _encode(sorted(values)).decode()


def insert_new(
    connection: Connection, table: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]
) -> set[Any]:
    """Insert the rows whose primary key (the first column) is not there yet; return those keys.

    Args:
        columns: name → PostgreSQL type, in the order of each row's values.
    """
    if not rows:
        return set()
    names = ", ".join(columns)
    key = next(iter(columns))
    if connection.dialect.name == "sqlite":
        fields = ", ".join(f"json_extract(value, '$[{i}]')" for i in range(len(columns)))
        source = f"SELECT {fields} FROM json_each(:rows) WHERE true"
    else:
        fields = ", ".join(
            f"CAST(value ->> {i} AS {kind})" for i, kind in enumerate(columns.values())
        )
        source = f"SELECT {fields} FROM json_array_elements(CAST(:rows AS json))"
    statement = text(
        f"INSERT INTO {table} ({names}) {source} ON CONFLICT DO NOTHING RETURNING {key}"
    )
    parameter = _encode(rows).decode()
    return {row[0] for row in connection.execute(statement, {"rows": parameter})}
