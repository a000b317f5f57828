"""fsck: a flipped bit, a missing, a swapped and a truncated entry are found, each by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select, update

from evidence.entry import Entry, draft
from evidence.errors import LogDamagedError
from evidence.tree import leaf_hash
from store.engine import open_engine, sqlite_url
from store.evidence_fsck import SignedSize
from store.evidence_log import EvidenceLog
from store.schema.evidence import (
    evidence_entries,
    evidence_head,
    evidence_nodes,
    evidence_tables,
)
from store.schema.metadata import metadata

log = EvidenceLog()


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    engine = open_engine(sqlite_url(tmp_path / "log.sqlite"))
    metadata.create_all(engine, tables=evidence_tables)
    with engine.connect() as connection:
        log.append(connection, [Entry(f"s-{n}" if n % 2 else None, {"n": n}) for n in range(7)])
        yield connection
    engine.dispose()


def findings(conn: Connection, *signed: SignedSize) -> list[tuple[int | None, str]]:
    return [(one.index, one.problem) for one in log.fsck(conn, *signed)]


def test_a_whole_log_has_no_findings(conn: Connection) -> None:
    assert findings(conn) == []
    assert findings(conn, SignedSize(7, log.head(conn).root)) == []
    assert findings(conn, SignedSize(4, log.root_at(conn, 4))) == []


def test_an_empty_log_has_no_findings_unless_more_was_signed(conn: Connection) -> None:
    for table in evidence_tables:
        conn.execute(table.delete())
    assert findings(conn) == []
    signed = SignedSize(1, bytes(32))
    assert (0, "behind-checkpoint") in findings(conn, signed)


def test_every_flipped_bit_of_every_stored_byte_is_found(conn: Connection) -> None:
    for table in evidence_tables:
        conn.execute(table.delete())
    log.append(conn, [Entry("s-1", {}), Entry(None, {"n": 1})])
    for table, key in ((evidence_entries, "seq"), (evidence_head, "log")):
        for row in conn.execute(select(table)).mappings().all():
            for column, value in row.items():
                if column == "log":  # The database itself keeps it at 1.
                    continue
                for flipped in flips(value):
                    where = table.c[key] == row[key]
                    save = conn.begin_nested()
                    conn.execute(update(table).where(where).values({column: flipped}))
                    expected = column != "epoch"
                    assert bool(findings(conn)) == expected, (table.name, column, value, flipped)
                    save.rollback()


def flips(value: object) -> Iterator[object]:
    """Each bit flipped in turn: of bytes all, of numbers those that the column holds."""
    if isinstance(value, bytes):
        for bit in range(8 * len(value)):
            flipped = bytearray(value)
            flipped[bit // 8] ^= 1 << bit % 8
            yield bytes(flipped)
    elif isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(3, 40, 5))


@pytest.mark.parametrize("index", range(7))
def test_a_missing_entry_is_found_where_it_was(conn: Connection, index: int) -> None:
    conn.execute(evidence_entries.delete().where(evidence_entries.c.seq == index))
    found = findings(conn)
    assert found[0] == ((index, "entry-missing") if index < 6 else (6, "log-truncated"))


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 5), (5, 6)])
def test_two_swapped_entries_are_both_found(conn: Connection, one: int, other: int) -> None:
    rows = {row.seq: row for row in conn.execute(select(evidence_entries)).all()}
    conn.execute(update(evidence_entries).values(id_hash=None))
    for place, source in ((one, other), (other, one)):
        values = {"data": rows[source].data, "leaf_hash": rows[source].leaf_hash}
        conn.execute(update(evidence_entries).where(evidence_entries.c.seq == place).values(values))
    found = findings(conn)
    assert {(one, "entry-out-of-place"), (other, "entry-out-of-place")} <= set(found)


def test_an_entry_cut_short_is_found(conn: Connection) -> None:
    row = conn.execute(select(evidence_entries).where(evidence_entries.c.seq == 3)).one()
    for length in range(len(row.data)):
        cut = {"data": row.data[:length]}
        conn.execute(update(evidence_entries).where(evidence_entries.c.seq == 3).values(cut))
        assert (3, "bytes-changed") in findings(conn)


def test_a_forged_entry_with_a_matching_hash_breaks_the_chain_behind_it(conn: Connection) -> None:
    before = conn.execute(select(evidence_entries.c.leaf_hash).where(evidence_entries.c.seq == 2))
    data = draft(Entry(None, {"n": "forged"})).at(3, before.scalar_one())
    forged = {"data": data, "leaf_hash": leaf_hash(data), "id_hash": None}
    conn.execute(update(evidence_entries).where(evidence_entries.c.seq == 3).values(forged))
    found = findings(conn)
    assert (4, "chain-broken") in found
    assert (None, "head-changed") in found


def test_a_log_rewritten_as_a_whole_differs_from_what_was_signed(conn: Connection) -> None:
    signed = SignedSize(5, log.root_at(conn, 5))
    for table in evidence_tables:
        conn.execute(table.delete())
    log.append(conn, [Entry(None, {"n": -n}) for n in range(7)])
    assert findings(conn) == []
    assert findings(conn, signed) == [(None, "signed-root-differs")]


def test_a_log_without_its_head_or_with_entries_behind_it_is_found(conn: Connection) -> None:
    head = conn.execute(select(evidence_head)).one()
    log.append(conn, [Entry(None, {"n": 7})])
    conn.execute(update(evidence_head).values(head._asdict()))
    assert (7, "entry-beyond-head") in findings(conn)
    conn.execute(evidence_head.delete())
    assert (None, "head-missing") in findings(conn)


def test_a_changed_missing_or_foreign_inner_hash_is_found(conn: Connection) -> None:
    log.append(conn, [Entry(None, {"n": n}) for n in range(7, 300)])
    assert findings(conn) == []
    tiles = update(evidence_nodes).where(evidence_nodes.c.level == 1)
    conn.execute(tiles.values(hash=bytes(32)))
    assert findings(conn) == [(255, "node-changed")]
    conn.execute(tiles.values(level=2))
    assert findings(conn) == [(255, "node-changed"), (None, "node-changed")]


def test_a_changed_or_foreign_root_of_half_a_tile_is_found_and_a_log_without_is_whole(
    conn: Connection,
) -> None:
    log.append(conn, [Entry(None, {"n": n}) for n in range(7, 300)])
    third = (evidence_nodes.c.level == 0) & (evidence_nodes.c.position == 3)
    conn.execute(update(evidence_nodes).where(third).values(hash=bytes(32)))
    assert findings(conn) == [(63, "node-changed")]
    conn.execute(update(evidence_nodes).where(third).values(position=18))
    assert findings(conn) == [(63, "node-changed"), (None, "node-changed")]
    halves = evidence_nodes.c.level == 0
    conn.execute(delete(evidence_nodes).where(halves, ~evidence_nodes.c.position.between(5, 17)))
    assert findings(conn) == []
    conn.execute(delete(evidence_nodes).where(halves))
    assert findings(conn) == []


def test_a_value_of_another_type_is_a_finding_and_no_crash(conn: Connection) -> None:
    conn.exec_driver_sql("UPDATE evidence_entries SET data = 7 WHERE seq = 2")
    conn.exec_driver_sql("UPDATE evidence_entries SET leaf_hash = 'x' WHERE seq = 4")
    found = findings(conn)
    assert (2, "bytes-changed") in found
    assert (4, "leaf-hash-changed") in found


@pytest.mark.parametrize("column", ["size", "frontier", "root", "last_leaf"])
def test_a_head_of_another_type_is_a_finding_and_a_log_to_be_refused(
    conn: Connection, column: str
) -> None:
    conn.exec_driver_sql(f"UPDATE evidence_head SET {column} = 'x'")
    assert findings(conn) != []
    with pytest.raises(LogDamagedError):
        log.head(conn)


def test_a_tile_that_stands_nowhere_is_a_finding_and_no_crash(conn: Connection) -> None:
    conn.exec_driver_sql("INSERT INTO evidence_nodes VALUES (1, 'x', x'00')")
    assert (None, "storage-unreadable") in findings(conn)
