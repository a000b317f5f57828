"""How statements run: in a short reading or writing transaction of their own."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite

from store.engine import is_sqlite


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading only: on SQLite it takes no write lock."""
    with engine.connect() as connection:
        yield connection.execution_options(reads_only=True)


def insert_new(
    connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Insert the rows whose key is not there yet; the others change nothing."""
    values = [dict(row) for row in rows]
    if not values:
        return
    if is_sqlite(connection):
        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), values)
    else:
        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), values)
