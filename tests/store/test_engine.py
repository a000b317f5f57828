"""A database is durable however it is set, or it is named; a damaged one is a fault by name."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from deploy.local import PostgresService
from store.engine import durability_problem, open_engine, sqlite_url


def test_a_commit_is_durable_and_a_server_that_does_not_sync_is_named() -> None:
    server = PostgresService()
    server.start()
    try:
        engine = open_engine(server.create_database())
        assert durability_problem(engine) is None
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            for setting in ("synchronous_commit = off", "full_page_writes = off"):
                conn.execute(text(f"ALTER SYSTEM SET {setting}"))
            conn.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        server.restart()
        with engine.connect() as conn:
            assert conn.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
        problem = durability_problem(engine)
        assert problem is not None
        assert "full_page_writes off" in problem
        engine.dispose()
    finally:
        server.discard()


def test_a_schema_that_is_no_text_any_more_is_a_fault_of_the_database(tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite"
    with sqlite3.connect(file) as conn:
        conn.execute("CREATE TABLE something (a, b)")
    conn.close()
    data = file.read_bytes()
    file.write_bytes(data.replace(b"CREATE TABLE something", b"CREATE T\xf4BLE something"))
    engine = open_engine(sqlite_url(file))
    with pytest.raises(DatabaseError):
        engine.connect()
    engine.dispose()
