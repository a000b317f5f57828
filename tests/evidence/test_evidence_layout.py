"""A folder made before the index of ids was written in runs is read as it is, and then upgraded."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from evidence.entry import Entry
from evidence.errors import EntryConflictError, LogBehindError
from evidence.note import SigningKey
from evidence.tree import inclusion_proof, verify_inclusion
from store.evidence_folder import LogFolder
from store.evidence_log import EvidenceLog
from store.evidence_writer import open_writer
from tests.evidence.small_runs import make_small

KEY = SigningKey.from_seed("o.example", bytes(32))

OLD = """
ALTER TABLE evidence_entries RENAME TO aside;
CREATE TABLE evidence_entries (
    seq INTEGER NOT NULL, id_hash BLOB, leaf_hash BLOB NOT NULL, data BLOB NOT NULL,
    CONSTRAINT pk_evidence_entries PRIMARY KEY (seq),
    CONSTRAINT uq_evidence_entries_id_hash UNIQUE (id_hash)
);
INSERT INTO evidence_entries SELECT * FROM aside;
DROP TABLE aside;
DROP TABLE evidence_ids;
"""


def entries(count: int) -> list[Entry]:
    return [Entry(f"s-{n}" if n % 3 else None, {"n": n}) for n in range(count)]


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LogFolder:
    """A log of 30 entries as it was made before."""
    make_small(monkeypatch)
    folder = LogFolder.create(tmp_path / "log", None, KEY)
    with open_writer(folder) as writer:
        writer.append(entries(30))
    with closing(sqlite3.connect(folder.database)) as conn:
        conn.executescript(OLD)
    folder.write_digest()
    return folder


def shape(folder: LogFolder) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(folder.database)) as conn:
        return sorted(conn.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def test_an_old_log_is_read_and_not_changed(old: LogFolder) -> None:
    before = old.database.read_bytes()
    with old.reading() as conn:
        log = EvidenceLog()
        row, path = log.find(conn, "s-16"), inclusion_proof(16, 30, log.proving(conn))
        assert row is not None
        verify_inclusion(16, 30, row.leaf_hash, path, log.head(conn).root)
        assert log.find(conn, "s-15") is None
    assert list(old.fsck()) == []
    assert old.database.read_bytes() == before


def test_the_next_writer_gives_it_todays_tables_and_each_id_still_stands_once(
    old: LogFolder, tmp_path: Path
) -> None:
    with open_writer(old) as writer:
        answers = writer.append([*entries(40), Entry("s-7", {"n": 8})])
    assert [one.index for one in answers[:30] if not isinstance(one, Exception)][1:3] == [1, 2]
    assert isinstance(answers[-1], EntryConflictError)
    # Those without an id are new: 0, 3, … 27, and then the last ten.
    with old.reading() as conn:
        assert EvidenceLog().head(conn).size == 30 + 10 + 10
    assert list(old.fsck()) == []
    assert shape(old) == shape(LogFolder.create(tmp_path / "new", None, KEY))


def test_an_old_backup_is_refused_all_the_same(old: LogFolder, tmp_path: Path) -> None:
    backup = old.database.read_bytes()
    with open_writer(old) as writer:
        writer.append([Entry("later", {})])
    old.database.write_bytes(backup)
    with pytest.raises(LogBehindError), open_writer(old):
        pass
    assert "behind-checkpoint" in [one.problem for one in old.fsck()]
