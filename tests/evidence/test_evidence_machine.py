"""A log folder under any order of appending, crashing, restoring, erasing and proving."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from evidence.checkpoint import Checkpoint
from evidence.commitments import Opening, commit
from evidence.entry import Entry, read_entry
from evidence.errors import EntryConflictError, LogBehindError
from evidence.hand_over import follow
from evidence.note import Note, SigningKey
from evidence.tlog_proof import TlogProof
from evidence.tree import consistency_proof, inclusion_proof, leaf_hash, root_of, verify_consistency
from store.evidence_folder import LogFolder
from store.evidence_guard import GuardError
from store.evidence_keys import hand_overs
from store.evidence_log import Appended, EvidenceLog
from store.evidence_openings import erase, find, keep
from store.evidence_writer import open_writer

KEY = SigningKey.from_seed("o.example", bytes(32))
IDS = st.sampled_from(["a", "b", "c", "d"])


class LogMachine(RuleBasedStateMachine):
    """The model: what was acknowledged, in order, and every checkpoint that was signed."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.folder = LogFolder.create(self.place / "log", None, KEY)
        self.leaves: list[bytes] = []
        self.keys = [KEY]
        self.ids: dict[str, tuple[int, int]] = {}
        self.notes: list[Note] = [self.folder.guard.last()]
        self.opening: Opening | None = None
        self.backup: int | None = None

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    def signed(self) -> None:
        self.notes.append(self.folder.guard.last())

    @rule(identity=IDS | st.none(), number=st.integers(0, 2))
    def append(self, identity: str | None, number: int) -> None:
        with open_writer(self.folder) as writer:
            (answer,) = writer.append([Entry(identity, {"n": number})])
        known = None if identity is None else self.ids.get(identity)
        if known is not None and known[1] != number:
            assert isinstance(answer, EntryConflictError)
            return
        assert isinstance(answer, Appended)
        if known is not None:
            assert (answer.index, answer.new) == (known[0], False)
            return
        assert answer.index == len(self.leaves)
        self.leaves.append(answer.leaf_hash)
        if identity is not None:
            self.ids[identity] = (answer.index, number)
        self.signed()

    @rule(count=st.integers(1, 300))
    def crash_between_commit_and_signature(self, count: int) -> None:
        with self.folder.writing() as engine, engine.begin() as conn:
            entries = [Entry(None, {"unsigned": number}) for number in range(count)]
            self.leaves += [one.leaf_hash for one in EvidenceLog().append(conn, entries)]
        with open_writer(self.folder):
            pass
        self.signed()

    @rule(count=st.integers(1, 5))
    def crash_before_the_commit(self, count: int) -> None:
        with self.folder.writing() as engine, engine.connect() as conn:
            EvidenceLog().append(conn, [Entry(None, {"lost": number}) for number in range(count)])
            conn.rollback()

    @precondition(lambda self: self.opening is None)
    @rule(value=st.integers())
    def keep_an_opening(self, value: int) -> None:
        self.opening = commit({"value": value % 1000}, bytes(32))
        with open_writer(self.folder) as writer, writer.transaction() as conn:
            keep(conn, [self.opening])
            body: dict[str, Any] = {"secret": self.opening.in_entry()}
            self.leaves += [one.leaf_hash for one in writer.log.append(conn, [Entry(None, body)])]
        self.signed()

    @precondition(lambda self: self.opening is not None)
    @rule()
    def erase_it(self) -> None:
        assert self.opening is not None
        with open_writer(self.folder) as writer, writer.transaction() as conn:
            assert find(conn, [self.opening.commitment]) == [self.opening]
            (gone,) = erase(conn, writer.log, [self.opening.commitment], reason="r", at="t")
            self.leaves.append(gone.leaf_hash)
        self.opening = None
        self.signed()

    @rule()
    def rotate_the_key(self) -> None:
        new = SigningKey.from_seed("o.example", bytes([len(self.keys)] * 32))
        with open_writer(self.folder) as writer:
            writer.rotate(new, "t")
        self.keys.append(new)
        with self.folder.reading() as conn:
            (row,) = EvidenceLog().rows(conn, len(self.leaves), len(self.leaves) + 1)
            notes = list(hand_overs(conn))
        self.leaves.append(row.leaf_hash)
        assert follow([KEY.verifier], notes) == [key.verifier for key in self.keys]
        self.signed()

    @rule()
    def take_a_backup(self) -> None:
        shutil.rmtree(self.place / "backup", ignore_errors=True)
        shutil.copytree(self.folder.path, self.place / "backup")
        self.backup = len(self.leaves)

    @precondition(lambda self: self.backup is not None and self.backup < len(self.leaves))
    @rule()
    def a_restored_backup_is_refused(self) -> None:
        shutil.move(self.folder.path, self.place / "aside")
        shutil.copytree(self.place / "backup", self.folder.path)
        with pytest.raises((LogBehindError, GuardError)), open_writer(self.folder):
            pass
        assert "behind-checkpoint" in [one.problem for one in self.folder.fsck()]
        shutil.rmtree(self.folder.path)
        shutil.move(self.place / "aside", self.folder.path)

    @precondition(lambda self: self.leaves)
    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.leaves) - 1))
        note = self.notes[-1]
        with self.folder.reading() as conn:
            log = EvidenceLog()
            path = inclusion_proof(index, len(self.leaves), log.nodes(conn))
            proof = TlogProof.parse(str(TlogProof(index, tuple(path), note)))
            proof.verify(self.leaves[index], "o.example", [self.keys[-1].verifier])
            old = Checkpoint.parse(data.draw(st.sampled_from(self.notes)).text)
            nodes = consistency_proof(old.size, len(self.leaves), log.nodes(conn))
        verify_consistency(old.size, len(self.leaves), old.root, root_of(self.leaves), nodes)

    @invariant()
    def what_was_acknowledged_is_there_signed_for_and_whole(self) -> None:
        signed = Checkpoint.parse(self.folder.guard.last().text)
        assert (signed.size, signed.root) == (len(self.leaves), root_of(self.leaves))
        assert list(self.folder.fsck()) == []
        with self.folder.reading() as conn:
            rows = EvidenceLog().rows(conn, 0, len(self.leaves))
        assert [leaf_hash(row.data) for row in rows] == self.leaves
        assert [read_entry(row.data).seq for row in rows] == list(range(len(rows)))


LogMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
TestLogMachine = LogMachine.TestCase
