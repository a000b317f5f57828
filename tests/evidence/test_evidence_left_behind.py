"""What a killed writer leaves in a log folder, bent or of different moments: found, or harmless."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select

from evidence.entry import Entry
from store import evidence_folder
from store.engine import open_engine
from store.evidence_folder import LogFolder
from store.evidence_writer import open_writer
from store.schema.evidence import evidence_entries, evidence_head, evidence_nodes
from tests.evidence.flipped import each_flipped, shrink_pages
from tests.evidence.test_evidence_folder import append, folder, signed_size

__all__ = ["folder"]


@contextmanager
def one_engine() -> Iterator[None]:
    """Only reading: one engine for each file, so that statements are not compiled again for each
    state; its connections are new each time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_folder, "open_engine", cache(open_engine))
        yield


def killed(folder: LogFolder) -> dict[Path, bytes]:
    """What a writer leaves behind that is killed after its last answer: a journal, no digest."""
    append(folder, *range(3))
    shrink_pages(folder.database)
    folder.write_digest()
    with open_writer(folder) as writer:
        for number in range(2):
            writer.append([Entry(f"k-{number}", {"n": number})])
        journal = folder.database.with_name("log.sqlite-wal")
        return {path: path.read_bytes() for path in (folder.database, journal)}


def contents(folder: LogFolder) -> list[list[Row[Any]]]:
    """All that the log consists of; only its writers look at the epoch."""
    with folder.reading() as conn:
        tables = (evidence_entries, evidence_nodes, evidence_head)
        return [
            list(conn.execute(select(*(c for c in table.c if c.name != "epoch"))))
            for table in tables
        ]


def put(folder: LogFolder, files: Mapping[Path, bytes]) -> None:
    """These files and none that belong to them."""
    for one in folder.path.glob("log.sqlite*"):
        one.unlink()
    for path, data in files.items():
        path.write_bytes(data)


def check_bent(
    folder: LogFolder, left: Mapping[Path, bytes], bent: Iterable[Mapping[Path, bytes]]
) -> tuple[int, int]:
    """Of the states in which what was left is bent: in how many that is found, and in how many it
    changes nothing of the log. There must be no others."""
    put(folder, left)
    whole = contents(folder)
    found = harmless = 0
    with one_engine():
        for files in bent:
            put(folder, {**left, **files})
            if next(folder.fsck(), None) is not None:
                found += 1
            else:
                assert contents(folder) == whole, files.keys()
                harmless += 1
    put(folder, left)
    assert list(folder.fsck()) == []
    return found, harmless


def flips_of_left(left: Mapping[Path, bytes], step: int) -> Iterator[dict[Path, bytes]]:
    """Each ``step``-th bit of the journal, and a ninth as many of the database's."""
    for path, every in zip(left, (9 * step, step), strict=True):
        yield from ({path: bent} for _, bent in each_flipped(left[path], every))


def cuts_of_left(left: Mapping[Path, bytes], step: int) -> Iterator[dict[Path, bytes]]:
    """The journal cut after each ``step``-th byte."""
    _, journal = left
    yield from ({journal: left[journal][:end]} for end in range(0, len(left[journal]), step))


def test_of_what_a_killed_writer_left_sampled_bits_and_cuts_are_found(folder: LogFolder) -> None:
    left = killed(folder)
    assert min(check_bent(folder, left, flips_of_left(left, 1499))) > 0
    found, harmless = check_bent(folder, left, cuts_of_left(left, 999))
    assert found > harmless == 0
    assert signed_size(folder) + 1 == len(contents(folder)[0]) + len(append(folder, 7))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_of_what_a_killed_writer_left_each_bit_and_cut_is_found_or_harmless(
    folder: LogFolder,
) -> None:
    left = killed(folder)
    for kind in (flips_of_left, cuts_of_left):
        found, harmless = check_bent(folder, left, kind(left, 1))
        print(f"left by a killed writer, {kind.__name__}: {found} found, {harmless} harmless")


def moments(folder: LogFolder) -> list[tuple[bytes, bytes]]:
    """Database and journal after each answer of two writers, and after each one's end."""
    journal = folder.database.with_name("log.sqlite-wal")
    seen = list[tuple[bytes, bytes]]()

    def look() -> None:
        seen.append(
            (folder.database.read_bytes(), journal.read_bytes() if journal.exists() else b"")
        )

    look()
    for number in range(2):
        with open_writer(folder) as writer:
            for answer in range(2):
                writer.append([Entry(f"m-{number}-{answer}", {})])
                look()
        look()
    return seen


def mix(folder: LogFolder, database: bytes, journal: bytes) -> None:
    put(folder, {folder.database: database, folder.path / "log.sqlite-wal": journal})


def test_a_database_and_a_journal_of_different_moments_are_the_log_or_refused(
    folder: LogFolder,
) -> None:
    append(folder, *range(3))
    seen = moments(folder)
    mix(folder, *seen[-1])
    whole = contents(folder)
    copy = LogFolder.at(folder.path.with_name("copy"))
    shutil.copytree(folder.path, copy.path)
    for (database, _), (_, journal) in product(seen, seen):
        mix(folder, database, journal)
        assert next(folder.fsck(), None) is not None or contents(folder) == whole
        # A copy made while somebody wrote is an earlier log, or it is found to be none.
        mix(copy, database, journal)
        if next(copy.fsck(), None) is None:
            entries = contents(copy)[0]
            assert entries == whole[0][: len(entries)]
