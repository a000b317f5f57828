"""The database port: one synchronous SQLAlchemy engine over SQLite or PostgreSQL."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url

SPOOL_CACHE_KB = 64 * 1024
"""So much of a spool is held in memory, however large it grows; the system caches the file."""


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return str(URL.create("sqlite", database=str(path)))


def open_engine(url: str, *, durable: bool = True) -> Engine:
    """An engine with what both databases need to be durable and to wait instead of failing.

    Args:
        url: ``sqlite:///file`` or ``postgresql+psycopg://…``.
        durable: false for a SQLite file that nobody needs after this process.
    """
    if make_url(url).get_backend_name() == "sqlite":
        in_memory = make_url(url).database in (None, "", ":memory:")
        pool: dict[str, Any] = {} if in_memory else {"pool_size": 16}
        engine = create_engine(url, connect_args={"timeout": 30}, **pool)
        event.listen(engine, "connect", _prepare_sqlite if durable else _prepare_spool)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    engine = create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=24)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """A commit is durable when it returns, however server or role be set: we acknowledge on it.

    No compiling of statements: ours find few rows by keys, and PostgreSQL, which takes a list of
    unknown length for long, would compile some for longer than they run.
    """
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) "
        "WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL with full sync: what was committed survives power loss, and readers never wait."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
    except UnicodeDecodeError:
        # SQLite's message quotes the damaged bytes, and the driver stumbles over them.
        raise sqlite3.DatabaseError("malformed database schema") from None
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


def _prepare_spool(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=OFF")
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.execute(f"PRAGMA cache_size=-{SPOOL_CACHE_KB}")
    cursor.close()


def _begin_immediate(connection: Any) -> None:
    """Take the write lock at once unless the block only reads: upgrading later may fail as busy."""
    reads = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def durability_problem(engine: Engine) -> str | None:
    """Why the database may lose what it committed when the power fails, as its server is set."""
    if is_sqlite(engine):
        return None
    with engine.connect() as connection:
        off = connection.execute(_OFF).scalars().all()
    if not off:
        return None
    return f"the server runs with {' and '.join(off)} off: it may lose what it acknowledged"


_OFF = text(
    "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' "
    "ORDER BY name"
)


def is_sqlite(engine_or_connection: Any) -> bool:
    """Whether the statements run on SQLite."""
    return bool(engine_or_connection.dialect.name == "sqlite")
