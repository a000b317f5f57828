"""The service's log under signature: what a crash, a backup, a second writer and a rotation do."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, update

from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.errors import EvidenceError, LogBehindError
from evidence.hand_over import follow
from evidence.note import Note, VerifierKey
from store.engine import open_engine, sqlite_url
from store.evidence_guard import Guard, GuardError, SecondWriterError
from store.evidence_keys import hand_overs
from store.evidence_log import EvidenceLog
from store.evidence_publishing import publish, published
from store.evidence_service import (
    SignedLog,
    fsck_service,
    rotate_signed_log,
    signed_before,
    signing,
)
from store.migrations import migrate
from store.schema.evidence import evidence_checkpoint, evidence_entries, evidence_head
from store.transactions import reading

ORIGIN = "brand.example/log"


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = sqlite_url(tmp_path / "db.sqlite")
    if request.param == "postgres":
        url = request.getfixturevalue("database_url")
    found = open_engine(url)
    migrate(found)
    yield found
    found.dispose()


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return tmp_path / "private"


def append(engine: Engine, *numbers: int) -> None:
    with engine.begin() as conn:
        EvidenceLog().append(conn, [Entry(None, {"n": number}) for number in numbers])


def forge(engine: Engine, number: int) -> None:
    """An append by whoever has the database and not our fence."""
    with engine.begin() as conn:
        log = EvidenceLog()
        log.claim(conn)
        log.append(conn, [Entry(None, {"n": number})])


def checkpoint(engine: Engine) -> Checkpoint:
    with reading(engine) as conn:
        shown = published(conn)
    assert shown is not None
    note = Note.parse(shown.note)
    note.verified_by([VerifierKey.parse(shown.key)])
    return Checkpoint.parse(note.text)


def problems(engine: Engine, private: Path) -> list[str]:
    with reading(engine) as conn:
        return [one.problem for one in fsck_service(conn, Guard(private))]


def test_what_anybody_commits_is_signed_and_published(engine: Engine, private: Path) -> None:
    append(engine, 1)
    with signing(engine, private, ORIGIN) as log:
        assert checkpoint(engine).size == 1
        append(engine, 2, 3)
        note = log.seal()
        assert log.seal() == note
        assert checkpoint(engine) == Checkpoint.parse(note.text)
    assert (checkpoint(engine).origin, checkpoint(engine).size) == (ORIGIN, 3)
    assert problems(engine, private) == []


def test_what_a_crash_left_unsigned_is_signed_at_the_next_start(
    engine: Engine, private: Path
) -> None:
    with signing(engine, private, ORIGIN):
        append(engine, 1, 2)
    assert checkpoint(engine).size == 0
    with signing(engine, private, ORIGIN):
        assert checkpoint(engine).size == 2


def test_what_a_crash_left_unpublished_is_published_at_the_next_start(
    engine: Engine, private: Path
) -> None:
    with signing(engine, private, ORIGIN) as log:
        append(engine, 1)
        log.seal()
    with engine.begin() as conn:
        conn.execute(delete(evidence_checkpoint))
    assert problems(engine, private) == ["checkpoint-changed"]
    with signing(engine, private, ORIGIN):
        assert checkpoint(engine).size == 1


def test_a_log_behind_its_last_signature_refuses_to_start(engine: Engine, private: Path) -> None:
    with signing(engine, private, ORIGIN) as log:
        append(engine, 1, 2)
        log.seal()
    with engine.begin() as conn:
        conn.execute(evidence_entries.delete())
        conn.execute(evidence_head.delete())
    forge(engine, 1)
    with pytest.raises(LogBehindError), signing(engine, private, ORIGIN):
        pass
    assert "behind-checkpoint" in problems(engine, private)
    forge(engine, 3)
    with pytest.raises(LogBehindError) as other, signing(engine, private, ORIGIN):
        pass
    assert other.value.type == "log-root-differs"
    assert "signed-root-differs" in problems(engine, private)


def test_a_database_brought_to_another_machine_refuses_without_its_private_folder(
    engine: Engine, private: Path
) -> None:
    with signing(engine, private, ORIGIN):
        append(engine, 1)
    elsewhere = signing(engine, private.with_name("other"), ORIGIN)
    with pytest.raises(GuardError, match="bring it back"), elsewhere:
        pass
    assert not (private.with_name("other") / "key").exists()


def test_a_second_writer_is_refused(engine: Engine, private: Path) -> None:
    second = signing(engine, private, ORIGIN)
    with signing(engine, private, ORIGIN), pytest.raises(SecondWriterError), second:
        pass


def test_who_trusts_the_first_key_follows_every_rotation(engine: Engine, private: Path) -> None:
    with signing(engine, private, ORIGIN) as log:
        append(engine, 1)
        first = log.verifier
    for number in (1, 2):
        rotate_signed_log(engine, private, bytes([number] * 32), "2026-01-01T00:00:00Z")
        assert problems(engine, private) == []
    at_rotation = Guard(private).last()
    assert len(at_rotation.signatures) == 2
    with signing(engine, private, ORIGIN) as log:
        append(engine, 2)
        note = log.seal()
        last = log.verifier
    assert note.verified_by([last]) == [last]
    with pytest.raises(EvidenceError):
        note.verified_by([first])
    with reading(engine) as conn:
        trusted = follow([first], hand_overs(conn))
    assert (len(trusted), trusted[-1]) == (3, last)
    assert note.verified_by(trusted) == [last]
    assert problems(engine, private) == []


@pytest.mark.parametrize("crash", ["staged", "logged", "signed"])
def test_a_rotation_that_a_crash_cut_is_finished_or_forgotten(
    engine: Engine, private: Path, crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with signing(engine, private, ORIGIN) as log:
        first = log.verifier

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        target = {"staged": (EvidenceLog, "append"), "logged": (Guard, "swap"),
                  "signed": (Guard, "promote")}[crash]  # fmt: skip
        broken.setattr(*target, dies)
        with pytest.raises(KeyboardInterrupt):
            rotate_signed_log(engine, private, bytes(32), "2026-01-01T00:00:00Z")
    with signing(engine, private, ORIGIN) as log:
        assert (log.verifier != first) == (crash != "staged")
    assert Guard(private).staged() is None
    assert problems(engine, private) == []


def test_a_command_appends_and_signs_beside_the_writer(engine: Engine, private: Path) -> None:
    with signing(engine, private, ORIGIN) as log:
        beside = SignedLog(engine, signed_before(engine, private))
        with beside.transaction() as conn:
            EvidenceLog().append(conn, [Entry(None, {"n": 1})])
        append(engine, 2)
        assert Checkpoint.parse(log.seal().text).size == 2
        with beside.transaction() as conn:
            EvidenceLog().append(conn, [Entry(None, {"n": 3})])
    assert checkpoint(engine).size == 3
    assert problems(engine, private) == []


def test_a_published_checkpoint_that_was_bent_is_found(engine: Engine, private: Path) -> None:
    with signing(engine, private, ORIGIN) as log:
        append(engine, 1)
        note = log.seal()
        key = log.verifier
    for column, value in (("size", 0), ("note", str(note)[:-9].encode()), ("key", str(key)[1:])):
        with engine.begin() as conn:
            conn.execute(update(evidence_checkpoint).values({column: value}))
        assert problems(engine, private) == ["checkpoint-changed"]
        with engine.begin() as conn:
            conn.execute(delete(evidence_checkpoint))
            publish(conn, note, key)
    assert problems(engine, private) == []


def test_without_the_private_folder_the_published_checkpoint_is_compared(
    engine: Engine, private: Path
) -> None:
    with signing(engine, private, ORIGIN) as log:
        append(engine, 1)
        log.seal()
    shutil.rmtree(private)
    assert problems(engine, private) == []
    with engine.begin() as conn:
        conn.execute(evidence_entries.delete())
    assert "behind-checkpoint" in problems(engine, private)
