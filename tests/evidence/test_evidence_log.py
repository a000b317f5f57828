"""The log in a database: appending inside the caller's transaction, ids, fencing, reading."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, update

from evidence.entry import NO_LEAF, Entry, read_entry
from evidence.errors import (
    EntryConflictError,
    EntryError,
    LogDamagedError,
    LogMovedError,
    ProofError,
)
from evidence.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_inclusion,
)
from store.engine import open_engine, sqlite_url
from store.evidence_log import EvidenceLog
from store.evidence_rows import read_back
from store.schema.evidence import evidence_entries, evidence_head, evidence_nodes, evidence_tables
from store.schema.metadata import metadata


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(sqlite_url(tmp_path / "log.sqlite"))
    metadata.create_all(engine, tables=evidence_tables)
    yield engine
    engine.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def numbered(start: int, end: int) -> list[Entry]:
    return [Entry(f"s-{number}", {"n": number}) for number in range(start, end)]


def test_each_entry_holds_its_place_and_the_leaf_before_it(conn: Connection) -> None:
    log = EvidenceLog()
    appended = log.append(conn, numbered(0, 3)) + log.append(conn, numbered(3, 5))
    assert [one.index for one in appended] == [0, 1, 2, 3, 4]
    rows = log.rows(conn, 0, 5)
    assert [row.leaf_hash for row in rows] == [leaf_hash(row.data) for row in rows]
    entries = [read_entry(row.data) for row in rows]
    assert [entry.prev for entry in entries] == [NO_LEAF, *(one.leaf_hash for one in appended[:-1])]
    assert log.head(conn).root == root_of(one.leaf_hash for one in appended)


def test_an_empty_log_has_the_empty_root(conn: Connection) -> None:
    assert EvidenceLog().head(conn).root == EMPTY_ROOT
    assert EvidenceLog().append(conn, []) == []


def test_the_same_id_and_body_give_the_earlier_place_and_append_nothing(conn: Connection) -> None:
    log = EvidenceLog()
    first = log.append(conn, numbered(0, 3))
    again = log.append(conn, [*numbered(1, 2), *numbered(3, 4), *numbered(3, 4)])
    assert [(one.index, one.new) for one in again] == [(1, False), (3, True), (3, False)]
    assert again[0].leaf_hash == first[1].leaf_hash
    assert log.count(conn) == 4


def test_the_same_id_with_another_body_is_refused_and_nothing_is_appended(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, numbered(0, 3))
    for batch in (
        [Entry("new", {}), Entry("s-1", {"n": 8})],
        [Entry("new", {}), Entry("new", {"n": 1})],
    ):
        with pytest.raises(EntryConflictError):
            log.append(conn, batch)
        assert (log.count(conn), log.head(conn).size) == (3, 3)


def test_an_entry_that_cannot_be_taken_leaves_the_rest_of_its_batch_out_or_in(
    conn: Connection,
) -> None:
    log = EvidenceLog()
    batch = [Entry(None, {"n": 1}), Entry(None, {"x": "y" * 70_000}), Entry(None, {"n": 2**60}),
             Entry(None, {"n": 2})]  # fmt: skip
    with pytest.raises(EntryError):
        log.append(conn, batch)
    assert log.count(conn) == 0
    good, large, number, last = log.append_each(conn, batch)
    assert isinstance(large, EntryError)
    assert large.type == "entry-too-large"
    assert isinstance(number, EntryError)
    assert number.type == "entry-number"
    assert [getattr(one, "index", None) for one in (good, last)] == [0, 1]


def test_entries_without_an_id_may_stand_twice(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, [Entry(None, {"n": 1}), Entry(None, {"n": 1})])
    assert log.count(conn) == 2


def test_nothing_is_kept_when_the_caller_rolls_back(engine: Engine) -> None:
    log = EvidenceLog()
    with engine.connect() as conn:
        log.append(conn, numbered(0, 3))
        conn.rollback()
    with engine.begin() as conn:
        assert log.append(conn, numbered(0, 1))[0].index == 0


def test_a_writer_whose_epoch_is_over_is_fenced(engine: Engine) -> None:
    first, second = EvidenceLog(), EvidenceLog()
    with engine.begin() as conn:
        first.claim(conn)
        first.append(conn, numbered(0, 1))
    with engine.begin() as conn:
        second.claim(conn)
    with engine.begin() as conn, pytest.raises(LogMovedError):
        first.append(conn, numbered(1, 2))
    with engine.begin() as conn:
        assert second.append(conn, numbered(1, 2))[0].index == 1


def test_a_head_that_does_not_fit_together_is_not_built_upon(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, numbered(0, 3))
    conn.execute(update(evidence_head).values(root=bytes(32)))
    with pytest.raises(LogDamagedError):
        log.append(conn, numbered(3, 4))
    conn.execute(evidence_head.delete())
    with pytest.raises(LogDamagedError):
        log.append(conn, numbered(3, 4))


def test_earlier_roots_and_missing_rows(conn: Connection) -> None:
    log = EvidenceLog()
    leaves = [one.leaf_hash for one in log.append(conn, numbered(0, 700))]
    for size in (0, 1, 255, 256, 257, 511, 512, 700):
        assert log.root_at(conn, size) == root_of(leaves[:size])
    with pytest.raises(ProofError):
        log.root_at(conn, 701)
    conn.execute(evidence_entries.delete().where(evidence_entries.c.seq == 5))
    with pytest.raises(LogDamagedError):
        log.rows(conn, 0, 10)
    with pytest.raises(LogDamagedError):
        log.root_at(conn, 10)


def test_entries_are_read_back_in_order_as_they_are_stored(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, [*numbered(0, 300), Entry(None, {"text": "\n é 𝄞"})])
    rows = log.rows(conn, 200, 301)
    data, leaves = read_back(conn, 200, 301)
    assert data == [row.data for row in rows]
    assert leaves == b"".join(row.leaf_hash for row in rows)
    with pytest.raises(LogDamagedError):
        read_back(conn, 290, 302)


@pytest.mark.parametrize("changed", [b"{}", b"", b"\n", b"a\x00b", b"\xff", 7, "text"])
def test_a_changed_entry_is_read_back_as_another(conn: Connection, changed: object) -> None:
    log = EvidenceLog()
    log.append(conn, numbered(0, 5))
    before, _ = read_back(conn, 0, 5)
    sql = "UPDATE evidence_entries SET data = ? WHERE seq = 3"
    conn.exec_driver_sql(sql, (changed,))
    with suppress(LogDamagedError):
        assert read_back(conn, 0, 5)[0] != before


def test_proofs_from_the_head_and_from_tiles_alone_are_the_same(conn: Connection) -> None:
    log = EvidenceLog()
    leaves = [one.leaf_hash for one in log.append(conn, numbered(0, 777))]
    root = root_of(leaves)
    for index in (0, 255, 256, 511, 512, 767, 776):
        for size in (777, 776, 769, 768, 513):
            if index < size:
                proof = inclusion_proof(index, size, log.proving(conn))
                assert proof == inclusion_proof(index, size, log.nodes(conn))
        proof = inclusion_proof(index, 777, log.proving(conn))
        verify_inclusion(index, 777, leaves[index], proof, root)


def test_a_log_without_roots_of_half_tiles_gives_the_same_proofs(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, numbered(0, 500))
    conn.execute(evidence_nodes.delete().where(evidence_nodes.c.level == 0))
    log.append(conn, numbered(500, 777))
    places = (0, 200, 499, 510, 511, 600)
    proofs = [inclusion_proof(index, 777, log.nodes(conn)) for index in places]
    leaves = log.tile_hashes(conn, 0, 0, 777)
    for index, proof in zip(places, proofs, strict=True):
        verify_inclusion(index, 777, leaves[index], proof, root_of(leaves))
    assert log.root_at(conn, 505) == root_of(leaves[:505])
    conn.execute(evidence_nodes.delete())
    with pytest.raises(LogDamagedError):
        inclusion_proof(600, 777, log.nodes(conn))


def test_a_proof_takes_at_most_two_calls_to_the_database(conn: Connection) -> None:
    log, calls = EvidenceLog(), list[str]()
    log.append(conn, numbered(0, 777))
    event.listen(conn, "before_cursor_execute", lambda *call: calls.append(call[2]))
    for index in (0, 300, 776):
        calls.clear()
        inclusion_proof(index, 777, log.proving(conn))
        assert len(calls) <= 2
    calls.clear()
    consistency_proof(300, 777, log.proving(conn))
    assert len(calls) <= 2


def test_an_id_may_hold_what_a_text_column_cannot(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, [Entry("a\x00b" * 3000, {"n": 1})])
    found = log.find(conn, "a\x00b" * 3000)
    assert found is not None
    assert found.index == 0
    assert log.find(conn, "a") is None
