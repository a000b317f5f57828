"""Logs in folders that were made before the index of ids was written in runs.

Such a log has an index of rows over its ids instead. It is read as it is; its next writer gives it
today's tables, and the first append its runs.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from store.schema.evidence import evidence_entries, evidence_ids

_ASIDE = "evidence_entries_before"
_COLUMNS = ", ".join(evidence_entries.columns.keys())
_TABLES = "SELECT name FROM sqlite_master WHERE name IN (?, ?)"
_RUNS = str(CreateTable(evidence_ids).compile(dialect=sqlite.dialect()))


def upgrade(engine: Engine) -> None:
    """Give an old log today's tables, in one transaction; the caller is its one writer.

    SQLite can drop no constraint, so the entries are copied, as they are and in order.
    """
    with engine.connect() as conn:
        if not _is_old(conn.connection.driver_connection):
            return
    with engine.begin() as conn:
        conn.exec_driver_sql(f"ALTER TABLE {evidence_entries.name} RENAME TO {_ASIDE}")
        conn.execute(CreateTable(evidence_entries))
        conn.exec_driver_sql(
            f"INSERT INTO {evidence_entries.name} ({_COLUMNS}) "
            f"SELECT {_COLUMNS} FROM {_ASIDE} ORDER BY seq"
        )
        conn.exec_driver_sql(f"DROP TABLE {_ASIDE}")
        conn.execute(CreateTable(evidence_ids))


def show_runs(connection: Any, _record: object) -> None:
    """Let a new connection read an old log: it sees no runs, so that ids are looked up in rows."""
    if _is_old(connection):
        connection.execute(_RUNS.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))


def _is_old(connection: Any) -> bool:
    found = connection.execute(_TABLES, (evidence_entries.name, evidence_ids.name)).fetchall()
    return bool(found == [(evidence_entries.name,)])
