"""A log folder: signed before it answers, and refused where it is not what was signed."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import SQLAlchemyError

from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.errors import EvidenceError, LogBehindError, LogDamagedError, LogMovedError
from evidence.note import SigningKey
from store.evidence_folder import FolderError, LogFolder
from store.evidence_guard import GuardError, SecondWriterError
from store.evidence_log import Appended, EvidenceLog
from store.evidence_sealing import Sealer
from store.evidence_writer import open_writer
from store.schema.evidence import evidence_entries
from tests.evidence.flipped import each_flipped, shrink_pages


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder.create(tmp_path / "log", None, SigningKey.from_seed("o.example", bytes(32)))


def append(folder: LogFolder, *bodies: int) -> list[Appended | EvidenceError]:
    with open_writer(folder) as writer:
        return writer.append([Entry(None, {"n": body}) for body in bodies])


def signed_size(folder: LogFolder) -> int:
    return Checkpoint.parse(folder.guard.last().text).size


def restore(copy: Path, folder: LogFolder) -> None:
    shutil.rmtree(folder.path)
    shutil.copytree(copy, folder.path)


def test_a_new_log_is_whole(folder: LogFolder) -> None:
    assert list(folder.fsck()) == []


def test_what_was_answered_is_signed_for_and_the_folder_is_whole(folder: LogFolder) -> None:
    append(folder, 1, 2, 3)
    append(folder, 4)
    assert signed_size(folder) == 4
    assert list(folder.fsck()) == []


def test_the_private_key_is_readable_by_its_owner_only_and_not_in_the_log(
    folder: LogFolder,
) -> None:
    key = folder.guard.folder / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert folder.guard.folder.stat().st_mode & 0o777 == 0o700
    assert all(b"PRIVATE" not in file.read_bytes() for file in folder.path.iterdir())


def test_a_folder_that_is_a_log_already_is_not_made_again(folder: LogFolder) -> None:
    key = SigningKey.from_seed("p.example", bytes(32))
    with pytest.raises(FolderError):
        LogFolder.create(folder.path, None, key)
    with pytest.raises(GuardError):
        LogFolder.create(folder.path.with_name("new"), folder.guard.folder, key)


def test_a_restored_copy_is_refused_and_found(folder: LogFolder, tmp_path: Path) -> None:
    append(folder, 1, 2)
    shutil.copytree(folder.path, tmp_path / "copy")
    append(folder, 3)
    restore(tmp_path / "copy", folder)
    with pytest.raises(LogBehindError):
        append(folder, 3)
    assert [one.problem for one in folder.fsck()] == ["behind-checkpoint"]


def test_a_restored_copy_that_went_another_way_is_refused_and_found(
    folder: LogFolder, tmp_path: Path
) -> None:
    append(folder, 1)
    shutil.copytree(folder.path, tmp_path / "copy")
    shutil.copytree(folder.guard.folder, tmp_path / "copy.private")
    append(folder, 2, 3)
    append(LogFolder.at(tmp_path / "copy"), 7, 8, 9)
    restore(tmp_path / "copy", folder)
    with pytest.raises(LogBehindError) as caught:
        append(folder, 4)
    assert caught.value.type == "log-root-differs"
    assert [one.problem for one in folder.fsck()] == ["signed-root-differs"]


def test_a_second_writer_is_refused_while_the_first_one_lives(folder: LogFolder) -> None:
    with open_writer(folder) as writer:
        with pytest.raises(SecondWriterError):
            append(folder, 1)
        writer.append([Entry(None, {})])
    append(folder, 2)


def test_another_logs_private_folder_is_refused(folder: LogFolder, tmp_path: Path) -> None:
    other = LogFolder.create(
        tmp_path / "other", None, SigningKey.from_seed("o.example", b"\1" * 32)
    )
    mixed = LogFolder.at(folder.path, other.guard.folder)
    with pytest.raises(GuardError):
        append(mixed, 1)
    assert [one.problem for one in mixed.fsck()] == ["public-key-changed"]
    with pytest.raises(GuardError):
        append(LogFolder.at(folder.path, tmp_path / "nothing"), 1)


def test_entries_that_a_crash_left_unsigned_are_signed_by_the_next_writer(
    folder: LogFolder,
) -> None:
    with folder.writing() as engine, engine.begin() as conn:
        EvidenceLog().append(conn, [Entry(None, {"n": 1})])
    assert signed_size(folder) == 0
    append(folder)
    assert signed_size(folder) == 1


def test_an_unsigned_entry_that_changed_is_not_signed(folder: LogFolder) -> None:
    append(folder, 1)
    with folder.writing() as engine, engine.begin() as conn:
        EvidenceLog().append(conn, [Entry(None, {"n": 2})])
        changed = update(evidence_entries).where(evidence_entries.c.seq == 1)
        conn.execute(changed.values(data=b'{"body":{"n":3},"prev":"00","seq":1}'))
    with pytest.raises(LogDamagedError):
        append(folder, 3)
    assert signed_size(folder) == 1


def test_an_unsigned_entry_that_went_missing_is_not_signed_over(folder: LogFolder) -> None:
    with folder.writing() as engine, engine.begin() as conn:
        EvidenceLog().append(conn, [Entry(None, {"n": n}) for n in range(3)])
        conn.execute(delete(evidence_entries).where(evidence_entries.c.seq == 1))
    with pytest.raises(LogDamagedError):
        append(folder, 3)
    assert signed_size(folder) == 0


def test_a_checkpoint_that_another_process_signed_meanwhile_is_not_replaced(
    folder: LogFolder,
) -> None:
    append(folder, 1)
    old = folder.guard.last()
    append(folder, 2)
    new = folder.guard.last()
    with pytest.raises(LogMovedError):
        folder.guard.swap(old, old)
    assert folder.guard.last() == new


def test_a_checkpoint_may_be_asked_for_while_a_writer_lives(folder: LogFolder) -> None:
    with open_writer(folder) as writer:
        for number in range(3):
            writer.append([Entry(None, {"n": number})])
            sealer = Sealer(EvidenceLog(), folder.guard, folder.signed_key())
            assert Checkpoint.parse(sealer.seal(folder.reading).text).size == number + 1


def test_a_damaged_private_folder_is_refused_and_found(folder: LogFolder) -> None:
    append(folder, 1)
    for name in ("checkpoint", "key"):
        path = folder.guard.folder / name
        data = path.read_bytes()
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        with pytest.raises(EvidenceError):
            append(folder, 2)
        assert "private-folder-damaged" in [one.problem for one in folder.fsck()]
        path.write_bytes(data)
    assert list(folder.fsck()) == []


def flip_bits(folder: LogFolder, paths: list[Path], most: int | None) -> None:
    """Flip bits of these files one at a time, all or up to ``most`` a file: each is found."""
    for path in paths:
        data = path.read_bytes()
        step = 1 if most is None else max(1, 8 * len(data) // most) | 1
        for bit, bent in each_flipped(data, step):
            path.write_bytes(bent)
            assert next(folder.fsck(), None) is not None, (path.name, bit)
        path.write_bytes(data)
    assert list(folder.fsck()) == []


def signed_files(folder: LogFolder) -> list[Path]:
    private = [folder.guard.folder / name for name in ("checkpoint", "key")]
    return [*sorted(folder.path.iterdir()), *private]


def test_a_flipped_bit_anywhere_in_the_folders_is_found(folder: LogFolder) -> None:
    append(folder, *range(5))
    flip_bits(folder, signed_files(folder), 300)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_flipped_bit_of_both_folders_is_found(folder: LogFolder) -> None:
    append(folder, *range(5))
    shrink_pages(folder.database)
    folder.write_digest()
    flip_bits(folder, signed_files(folder), None)


def test_a_database_cut_anywhere_is_found_and_not_written_to(folder: LogFolder) -> None:
    append(folder, *range(40))
    data = folder.database.read_bytes()
    for length in range(0, len(data), len(data) // 23):
        folder.database.write_bytes(data[:length])
        assert next(folder.fsck(), None) is not None, length
        with pytest.raises((EvidenceError, SQLAlchemyError, sqlite3.Error)):
            append(folder, 41)
        for name in ("-wal", "-shm"):
            folder.database.with_name(folder.database.name + name).unlink(missing_ok=True)
    folder.database.write_bytes(data)
    assert list(folder.fsck()) == []


def test_an_auditors_copy_without_the_private_folder_is_checked_as_it_is(
    folder: LogFolder, tmp_path: Path
) -> None:
    append(folder, 1, 2)
    shutil.copytree(folder.path, tmp_path / "audit")
    assert list(LogFolder.at(tmp_path / "audit").fsck()) == []
