"""An id stands once, whoever appends, and whatever was rolled back, lost or restored."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Connection, Engine, delete, insert, select, update

from evidence.entry import Entry
from evidence.errors import EntryConflictError, LogDamagedError
from store.engine import open_engine, sqlite_url
from store.evidence_fsck import SignedSize
from store.evidence_ids import RUN_ENTRIES, covered
from store.evidence_log import Appended, EvidenceLog
from store.evidence_rebuild import rebuild
from store.schema.evidence import evidence_entries, evidence_ids, evidence_tables
from store.schema.metadata import metadata
from tests.evidence.small_runs import RUN, make_alike, make_small

BATCHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1)), min_size=1, max_size=20)
WHO = st.sampled_from(["one", "another", "new"])


class IdMachine(RuleBasedStateMachine):
    """The model: where each id stands, and with which number. Runs are short and ids look alike."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        make_small(self.patch)
        make_alike(self.patch)
        self.place = Path(tempfile.mkdtemp())
        self.engine = self.opened()
        metadata.create_all(self.engine, tables=evidence_tables)
        self.logs = {"one": EvidenceLog(), "another": EvidenceLog()}
        self.ids: dict[str, tuple[int, int]] = {}
        self.size = 0
        self.take_a_backup()

    def opened(self) -> Engine:
        return open_engine(sqlite_url(self.place / "log.sqlite"), durable=False)

    def teardown(self) -> None:
        self.engine.dispose()
        shutil.rmtree(self.place)
        self.patch.undo()

    @rule(who=WHO, batch=BATCHES, kept=st.booleans())
    def append(self, who: str, batch: list[tuple[int, int]], kept: bool) -> None:
        entries = [Entry(f"s-{one}" if one else None, {"n": n}) for one, n in batch]
        with self.engine.connect() as conn:
            answers = self.logs.get(who, EvidenceLog()).append_each(conn, entries)
            conn.commit() if kept else conn.rollback()
        ids, size = dict(self.ids), self.size
        for (_, number), entry, answer in zip(batch, entries, answers, strict=True):
            index, stored = ids.get(entry.id or "", (size, number))
            if stored != number:
                assert isinstance(answer, EntryConflictError)
                continue
            assert isinstance(answer, Appended)
            assert (answer.index, answer.new) == (index, index == size)
            size += answer.new
            if entry.id is not None:
                ids[entry.id] = (index, number)
        if kept:
            self.ids, self.size = ids, size

    @rule()
    def start_again(self) -> None:
        self.logs["one"] = EvidenceLog()

    @rule()
    def take_a_backup(self) -> None:
        self.engine.dispose()
        shutil.copy(self.place / "log.sqlite", self.place / "backup")
        self.backup = (dict(self.ids), self.size)

    @rule()
    def restore_the_backup(self) -> None:
        self.engine.dispose()
        shutil.copy(self.place / "backup", self.place / "log.sqlite")
        self.ids, self.size = dict(self.backup[0]), self.backup[1]

    @rule()
    def lose_the_runs(self) -> None:
        with self.engine.begin() as conn:
            conn.execute(delete(evidence_ids))

    @invariant()
    def each_id_is_found_where_it_stands_and_all_is_whole(self) -> None:
        with self.engine.connect() as conn:
            log = EvidenceLog()
            for identity, (index, _) in self.ids.items():
                row = log.find(conn, identity)
                assert row is not None
                assert row.index == index
            assert log.find(conn, "s-41") is None
            assert list(log.fsck(conn)) == []
            assert log.count(conn) == self.size


IdMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
TestIdMachine = IdMachine.TestCase


@pytest.fixture
def conn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A log of two runs and a half, each second of whose entries has an id."""
    make_small(monkeypatch)
    engine = open_engine(sqlite_url(tmp_path / "log.sqlite"))
    metadata.create_all(engine, tables=evidence_tables)
    with engine.connect() as connection:
        EvidenceLog().append(connection, numbered(0, 20))
        yield connection
    engine.dispose()


def numbered(start: int, end: int) -> list[Entry]:
    return [Entry(f"s-{n}" if n % 2 else None, {"n": n}) for n in range(start, end)]


def problems(conn: Connection) -> set[tuple[int | None, str]]:
    return {(one.index, one.problem) for one in EvidenceLog().fsck(conn)}


def test_a_flipped_bit_of_the_index_is_found_and_made_good(conn: Connection) -> None:
    signed = SignedSize(20, EvidenceLog().head(conn).root)
    rows = conn.execute(select(evidence_ids)).all()
    assert len(rows) == 512
    full = [row for row in rows if row.records]
    assert sum(len(row.records) for row in full) == 10 * RUN
    for count, row in enumerate(full):
        where = (evidence_ids.c.bucket == row.bucket) & (evidence_ids.c.run == row.run)
        for bit in range(count % 7, 8 * len(row.records), 7):
            flipped = bytearray(row.records)
            flipped[bit // 8] ^= 1 << bit % 8
            conn.execute(update(evidence_ids).where(where).values(records=bytes(flipped)))
            assert problems(conn) == {(RUN * (row.run + 1) - 1, "id-changed")}
            conn.execute(update(evidence_ids).where(where).values(records=row.records))
    conn.execute(update(evidence_ids).values(records=b""))
    assert problems(conn) == {(7, "id-changed"), (15, "id-changed")}
    rebuild(conn, signed)
    assert problems(conn) == set()
    assert conn.execute(select(evidence_ids)).all() == rows


@pytest.mark.parametrize("run", [0, 1, 2, 7])
def test_a_missing_or_foreign_row_is_found_and_nothing_is_appended(
    conn: Connection, run: int
) -> None:
    where = (evidence_ids.c.bucket == 0) & (evidence_ids.c.run == run)
    if run < 2:
        conn.execute(delete(evidence_ids).where(where))
    else:
        row = {"bucket": 0, "run": run, "records": b""}
        conn.execute(insert(evidence_ids), [row])
    assert (None, "id-changed") in problems(conn)
    with pytest.raises(LogDamagedError):
        EvidenceLog().append(conn, numbered(20, 30))
    assert EvidenceLog().count(conn) == 20


@pytest.mark.parametrize("records", [b"x" * 9, 7, "text"])
def test_a_row_that_holds_no_records_is_found_and_nothing_is_appended(
    conn: Connection, records: object
) -> None:
    sql = "UPDATE evidence_ids SET records = ? WHERE bucket = 5 AND run = 1"
    conn.exec_driver_sql(sql, (records,))
    assert problems(conn) == {(15, "id-changed")}
    with pytest.raises(LogDamagedError):
        EvidenceLog().append(conn, numbered(20, 30))


def with_ids(start: int, end: int) -> list[Entry]:
    return [Entry(f"t-{n}", {"n": n}) for n in range(start, end)]


def test_what_was_rolled_back_is_not_known_though_others_append_as_much(conn: Connection) -> None:
    log = EvidenceLog()
    log.append(conn, with_ids(0, 10))
    save = conn.begin_nested()
    log.append(conn, with_ids(10, 20))
    save.rollback()
    EvidenceLog().append(conn, with_ids(20, 30))
    assert not any(one.new for one in log.append(conn, with_ids(20, 30)))
    assert all(one.new for one in log.append(conn, with_ids(10, 20)))


@pytest.mark.parametrize("regrown", [3, 10, 17])
def test_ids_of_a_log_that_went_another_way_are_forgotten(conn: Connection, regrown: int) -> None:
    log = EvidenceLog()
    save = conn.begin_nested()
    log.append(conn, with_ids(0, 10))
    log.append(conn, with_ids(10, 11))
    save.rollback()
    EvidenceLog().append(conn, with_ids(20, 20 + regrown))
    assert not any(one.new for one in log.append(conn, with_ids(20, 20 + regrown)))
    assert all(one.new for one in log.append(conn, with_ids(0, 20)))


def test_an_id_that_stands_twice_is_found(conn: Connection) -> None:
    key = select(evidence_entries.c.id_hash).where(evidence_entries.c.seq == 17)
    values = {"id_hash": conn.execute(key).scalar_one()}
    conn.execute(update(evidence_entries).where(evidence_entries.c.seq == 19).values(values))
    assert problems(conn) == {(19, "id-changed"), (19, "id-twice")}


def test_runs_of_their_real_length_are_written_by_one_large_append(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "log.sqlite"), durable=False)
    metadata.create_all(engine, tables=evidence_tables)
    with engine.begin() as conn:
        log = EvidenceLog()
        entries = numbered(0, 2 * RUN_ENTRIES + 5)
        log.append(conn, entries)
        assert covered(conn) == 2 * RUN_ENTRIES
        for writer in (log, EvidenceLog()):
            again = writer.append(conn, entries[1::2])
            assert [one.index for one in again] == list(range(1, len(entries), 2))
            assert not any(one.new for one in again)
    engine.dispose()
