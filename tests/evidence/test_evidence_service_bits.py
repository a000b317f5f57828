"""A bit flipped in a service's log, in a stored value or in SQLite's file, is found."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Row, Table, select, update
from sqlalchemy.exc import SQLAlchemyError

from evidence.entry import Entry
from store.engine import open_engine, sqlite_url
from store.evidence_guard import Guard
from store.evidence_log import EvidenceLog
from store.evidence_service import fsck_service, signing
from store.schema.evidence import (
    evidence_checkpoint,
    evidence_entries,
    evidence_head,
    evidence_ids,
    evidence_nodes,
)
from store.schema.metadata import metadata
from store.transactions import reading
from tests.evidence.flipped import each_flipped, shrink_pages

KEYS = {evidence_entries: "seq", evidence_head: "log", evidence_nodes: "position",
        evidence_checkpoint: "log", evidence_ids: "run"}  # fmt: skip
MEANS_NOTHING = {("evidence_head", "epoch"), ("evidence_head", "log"),
                 ("evidence_checkpoint", "log")}  # fmt: skip
"""The epoch may be any; the database itself keeps ``log`` at 1."""


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = sqlite_url(tmp_path / "db.sqlite")
    if request.param == "postgres":
        url = request.getfixturevalue("database_url")
    found = open_engine(url)
    yield found
    found.dispose()


def filled(engine: Engine, folder: Path, size: int) -> Guard:
    """A signed log of so many entries."""
    metadata.create_all(engine, tables=list(KEYS))
    with signing(engine, folder, "brand.example/log") as log, log.transaction() as conn:
        entries = [Entry(f"s-{n}" if n % 2 else None, {"n": n}) for n in range(size)]
        EvidenceLog().append(conn, entries)
    return Guard(folder)


def flips(value: object, step: int) -> Iterator[object]:
    """Each ``step``-th bit flipped, of what a column holds."""
    if isinstance(value, str):
        yield from (data.decode("latin-1") for data in flips_of(value.encode(), step, most=6))
    elif isinstance(value, bytes):
        yield from flips_of(value, step, most=8)
    elif isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(0, 15, step))


def flips_of(data: bytes, step: int, *, most: int) -> Iterator[bytes]:
    yield from (bent for bit, bent in each_flipped(data, step) if bit % 8 < most)


def check_values(engine: Engine, guard: Guard, step: int) -> int:
    """Flip bits of every stored value: how many, all of them found."""
    count = 0
    with engine.connect() as conn:
        for table, key in KEYS.items():
            for row in conn.execute(select(table)).mappings().all():
                for column, value in row.items():
                    if (table.name, column) in MEANS_NOTHING:
                        continue
                    for flipped in flips(value, step):
                        where = table.c[key] == row[key]
                        found = flip(conn, guard, table, where, {str(column): flipped})
                        assert found, (table.name, column, value, flipped)
                        count += 1
    return count


def flip(
    conn: Connection, guard: Guard, table: Table, where: object, values: dict[str, object]
) -> bool:
    """Whether the change is found, or refused by the database itself; it is taken back."""
    save = conn.begin_nested()
    try:
        conn.execute(update(table).where(where).values(values))  # type: ignore[arg-type]
        return next(fsck_service(conn, guard), None) is not None
    except SQLAlchemyError:
        return True
    finally:
        save.rollback()


def test_sampled_bits_of_stored_values_are_found(engine: Engine, tmp_path: Path) -> None:
    assert check_values(engine, filled(engine, tmp_path / "private", 2), 61) > 40


def test_a_published_key_in_another_spelling_is_found(engine: Engine, tmp_path: Path) -> None:
    guard = filled(engine, tmp_path / "private", 1)
    with engine.connect() as conn:
        key = conn.execute(select(evidence_checkpoint.c.key)).scalar_one()
        name, number, rest = key.split("+", 2)
        # Of forty keys one has a number without a letter, which has no other case.
        other = number.upper() if number.upper() != number else f"0{number}"
        bent: dict[str, object] = {"key": f"{name}+{other}+{rest}"}
        assert flip(conn, guard, evidence_checkpoint, evidence_checkpoint.c.log == 1, bent)


def test_a_published_value_of_another_type_is_found(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"))
    guard = filled(engine, tmp_path / "private", 1)
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        for column, value in (("note", "'x'"), ("key", "x'00'"), ("size", "'x'"), ("log", "0")):
            save = conn.begin_nested()
            conn.exec_driver_sql(f"UPDATE evidence_checkpoint SET {column} = {value}")
            found = [one.problem for one in fsck_service(conn, guard)]
            assert "checkpoint-changed" in found
            save.rollback()
    engine.dispose()


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_bit_of_every_stored_value_is_found(engine: Engine, tmp_path: Path) -> None:
    count = check_values(engine, filled(engine, tmp_path / "private", 3), 1)
    print(f"{engine.dialect.name}: {count} bits of stored values")


def contents(engine: Engine) -> list[list[Row[Any]]]:
    """All that the log consists of, table by table."""
    with reading(engine) as conn:
        return [
            sorted(conn.execute(select(*(c for c in table.c if c.name != "epoch"))), key=repr)
            for table in KEYS
        ]


def check_file(folder: Path, step: int) -> tuple[int, int]:
    """Flip bits of the database's file: those found, and those that change nothing of the log."""
    file = folder / "db.sqlite"
    engine = open_engine(sqlite_url(file))
    guard = filled(engine, folder / "private", 3)
    engine.dispose()
    shrink_pages(file)
    whole = contents(engine)
    engine.dispose()
    found = harmless = 0
    for bit, bent in each_flipped(file.read_bytes(), step):
        file.write_bytes(bent)
        if is_found(engine, guard):
            found += 1
        else:
            harmless += 1
            assert contents(engine) == whole, bit
            engine.dispose()
    return found, harmless


def is_found(engine: Engine, guard: Guard) -> bool:
    """Whether fsck finds something in a database that is opened for it."""
    try:
        with reading(engine) as conn:
            return next(fsck_service(conn, guard), None) is not None
    except (SQLAlchemyError, sqlite3.Error):
        return True
    finally:
        engine.dispose()


def test_sampled_bits_of_the_file_are_found_or_change_nothing(tmp_path: Path) -> None:
    found, harmless = check_file(tmp_path, 997)
    assert found > 0
    assert harmless > 0


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_bit_of_the_file_is_found_or_changes_nothing(tmp_path: Path) -> None:
    found, harmless = check_file(tmp_path, 1)
    print(f"SQLite's file: {found} bits found, {harmless} of no entry")
