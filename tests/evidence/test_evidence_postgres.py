"""The same log on PostgreSQL: its own SQL, fencing under a real lock, and fsck."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, update

from evidence.entry import Entry
from evidence.errors import EntryConflictError, EvidenceError, LogDamagedError
from evidence.tree import root_of
from store.engine import open_engine
from store.evidence_ids import covered
from store.evidence_log import EvidenceLog
from store.evidence_rows import read_back
from store.schema.evidence import evidence_checkpoint, evidence_entries, evidence_tables
from store.schema.metadata import metadata
from tests.evidence.small_runs import RUN, make_small


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    metadata.create_all(engine, tables=[*evidence_tables, evidence_checkpoint])
    yield engine
    engine.dispose()


def numbered(start: int, end: int) -> list[Entry]:
    return [Entry(f"s-{number}", {"n": number}) for number in range(start, end)]


def test_groups_ids_roots_and_fsck_are_as_on_sqlite(engine: Engine) -> None:
    log = EvidenceLog()
    with engine.begin() as conn:
        leaves = [one.leaf_hash for one in log.append(conn, numbered(0, 600))]
    with engine.begin() as conn:
        again = log.append(conn, [*numbered(3, 5), *numbered(600, 601)])
        assert [(one.index, one.new) for one in again] == [(3, False), (4, False), (600, True)]
    with engine.begin() as conn, pytest.raises(EntryConflictError):
        log.append(conn, [Entry("s-1", {"n": 9})])
    with engine.connect() as conn:
        assert log.root_at(conn, 600) == root_of(leaves)
        assert list(log.fsck(conn)) == []
        changed = update(evidence_entries).where(evidence_entries.c.seq == 7)
        conn.execute(changed.values(data=b"{}"))
        assert (7, "bytes-changed") in [(one.index, one.problem) for one in log.fsck(conn)]


def test_entries_are_read_back_in_order_as_they_are_stored(engine: Engine) -> None:
    log = EvidenceLog()
    with engine.begin() as conn:
        log.append(conn, [*numbered(0, 300), Entry(None, {"text": "\n é 𝄞"})])
    with engine.connect() as conn:
        rows = log.rows(conn, 200, 301)
        data, leaves = read_back(conn, 200, 301)
        assert data == [row.data for row in rows]
        assert leaves == b"".join(row.leaf_hash for row in rows)
        assert rows[-1].id_hash is None
        with pytest.raises(LogDamagedError):
            read_back(conn, 290, 302)


def test_each_id_stands_once_where_two_append_the_same(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_small(monkeypatch)

    def write(log: EvidenceLog, size: int) -> list[int]:
        places: list[int] = []
        for first in range(0, 70, size):
            with engine.begin() as conn:
                entries = numbered(first, min(first + size, 70))
                places += [one.index for one in log.append(conn, entries)]
        return places

    with ThreadPoolExecutor() as threads:
        wrote = [threads.submit(write, EvidenceLog(), size) for size in (7, 9)]
    assert wrote[0].result() == wrote[1].result()
    with engine.connect() as conn:
        assert EvidenceLog().count(conn) == 70
        assert covered(conn) == 70 // RUN * RUN
        assert list(EvidenceLog().fsck(conn)) == []


def test_two_that_begin_and_write_at_once_make_one_log_without_gap_or_fork(engine: Engine) -> None:
    faults: list[EvidenceError] = []

    def write(start: int) -> None:
        try:
            for first in range(start, start + 100, 10):
                with engine.begin() as conn:
                    EvidenceLog().append(conn, numbered(first, first + 10))
        except EvidenceError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as conn:
        assert list(EvidenceLog().fsck(conn)) == []
        assert faults == []
        assert EvidenceLog().head(conn).size == 200
