"""Migrating gives what a new database has, and loses nothing on the way."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from store.engine import open_engine, sqlite_url
from store.migrations import _config, migrate
from store.schema import metadata


def engine_at(path: Path) -> Engine:
    return open_engine(sqlite_url(path), durable=False)


def shape(connection: Connection, table: str) -> tuple[Any, ...]:
    """Columns, indexes with their columns, and whether rows lie in the primary key."""
    columns = {(c[1], c[2], bool(c[3]), c[5]) for c in pragma(connection, f"table_info({table})")}
    indexes = {
        tuple(part[2] for part in pragma(connection, f"index_info({one[1]})"))
        for one in pragma(connection, f"index_list({table})")
    }
    (kind,) = pragma(connection, f"table_list({table})")
    return columns, indexes, kind[4]


def pragma(connection: Connection, question: str) -> list[Any]:
    return list(connection.execute(text(f"PRAGMA {question}")))


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_a_migrated_table_has_the_shape_of_a_new_one(
    table: str, migrated: Engine, made_new: Engine
) -> None:
    with migrated.connect() as one, made_new.connect() as other:
        assert shape(one, table) == shape(other, table)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = engine_at(tmp_path_factory.mktemp("migrated") / "db.sqlite")
    migrate(engine)
    return engine


@pytest.fixture(scope="module")
def made_new(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = engine_at(tmp_path_factory.mktemp("new") / "db.sqlite")
    metadata.create_all(engine)
    return engine


def test_what_events_named_is_still_known_after_the_table_was_built_anew(tmp_path: Path) -> None:
    engine = engine_at(tmp_path / "db.sqlite")
    rows = [{"epc": f"e{n % 7}", "identity": f"i{n}", "role": "child"} for n in range(20)]
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0011")
        insertion = "INSERT INTO touches VALUES (:epc, :identity, :role)"
        connection.execute(text(insertion), rows)
    migrate(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT epc, identity, role FROM touches")).mappings()
        assert sorted(map(str, map(dict, found))) == sorted(map(str, rows))
        names = connection.execute(text("SELECT name FROM sqlite_master")).scalars().all()
    assert "touches_before" not in names
    engine.dispose()


def test_entries_are_still_there_after_their_ids_index_became_runs(tmp_path: Path) -> None:
    engine = engine_at(tmp_path / "db.sqlite")
    rows = [{"seq": n, "id_hash": bytes([n]), "leaf_hash": b"l", "data": b"d"} for n in range(9)]
    with engine.begin() as connection:
        command.upgrade(_config(connection), "0013")
        insertion = "INSERT INTO evidence_entries VALUES (:seq, :id_hash, :leaf_hash, :data)"
        connection.execute(text(insertion), rows)
    migrate(engine)
    with engine.begin() as connection:
        assert entries(connection) == rows
        command.downgrade(_config(connection), "0013")
        assert entries(connection) == rows
        with pytest.raises(IntegrityError):
            connection.execute(text(insertion), rows[0] | {"seq": 9})
    engine.dispose()


def entries(connection: Connection) -> list[dict[str, Any]]:
    found = connection.execute(text("SELECT * FROM evidence_entries ORDER BY seq"))
    return [dict(row) for row in found.mappings()]
