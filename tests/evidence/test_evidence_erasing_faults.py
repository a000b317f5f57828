"""Each system call of keeping and of erasing personal data fails once, or is the last one (soak).

Whatever happens, a commitment that was answered can be opened, and what is to be erased is gone and
logged as erased, or still there: never gone without a word, never named as gone and still there.
"""

import json
from functools import partial
from pathlib import Path

import pytest

from deploy.local import packages
from evidence.checkpoint import Checkpoint
from evidence.commitments import Opening, commit
from evidence.entry import Entry
from evidence.note import SigningKey
from store.evidence_folder import LogFolder
from store.evidence_log import EvidenceLog
from store.evidence_openings import keep, kept_of
from store.evidence_writer import open_writer
from tests.evidence.injected import FAULTS, Call, Ended, Traced, fresh, log_files
from tracewarden.commands.evidence import app

LINES = b"".join(b'{"value":"who-%d"}\n' % number for number in range(3))
ERASED = commit("a name", bytes(32))
KEPT = commit("another", bytes(range(32)))
ERASE = ("erase", "--commitment", ERASED.commitment, "--reason", "asked for")


@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    packages.require(packages.STRACE)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A log whose one entry holds two commitments, both of which can be opened."""
    place = tmp_path / "start"
    place.mkdir()
    key = SigningKey.from_seed("o.example", bytes(32))
    with open_writer(LogFolder.create(place / "log", None, key)) as writer:
        with writer.transaction() as conn:
            keep(conn, [ERASED, KEPT])
        writer.append([Entry(None, {"who": [ERASED.in_entry(), KEPT.in_entry()]})])
    return place


def traced(place: Path, words: tuple[str, ...]) -> Traced:
    command, *more = words
    lines = LINES if command == "commit" else b""
    action = partial(app, [command, "--log", str(place / "log"), *more])
    return Traced(action, lines, log_files(place))


def inject(place: Path, call: Call, fault: str, words: tuple[str, ...]) -> Ended:
    done = traced(place, words).run(call, fault)
    assert b"Traceback" not in done.stderr, (call, fault, done.stderr)
    assert done.code in (0, 2) or fault.startswith("signal"), (call, fault, done.stderr)
    return done


def check_commit(place: Path, done: Ended, why: object) -> None:
    """What was answered can be opened."""
    folder = LogFolder.at(place / "log")
    lines = [line for line in done.stdout.splitlines() if line.endswith(b"}")]
    answered = [json.loads(line)["commitment"] for line in lines if b'"commitment"' in line]
    assert list(folder.fsck()) == [], why
    with folder.reading() as conn:
        assert kept_of(conn, answered) == answered, why


def check_erasure(place: Path, done: Ended, why: object) -> None:
    """Erased and logged, or neither; and logged under a signature where it was answered."""
    folder = LogFolder.at(place / "log")
    assert list(folder.fsck()) == [], why
    with folder.reading() as conn:
        is_logged = EvidenceLog().head(conn).size == 2
        still = kept_of(conn, [ERASED.commitment, KEPT.commitment])
    assert still == [one.commitment for one in _expected(is_logged=is_logged)], why
    if b"leaf_hash" in done.stdout:
        assert is_logged, why
        assert Checkpoint.parse(folder.guard.last().text).size == 2, why
    with open_writer(folder) as writer:
        writer.append([Entry(None, {"goes": "on"})])
    assert list(folder.fsck()) == [], why


def _expected(*, is_logged: bool) -> list[Opening]:
    return [KEPT] if is_logged else [ERASED, KEPT]


CHECKS = {"commit": (("commit",), check_commit), "erase": (ERASE, check_erasure)}


def test_erasing_that_dies_leaves_it_erased_and_logged_or_neither(
    start: Path, tmp_path: Path
) -> None:
    for call, fault in ((("fdatasync", 1), "signal=KILL"), (("pwrite64", 4), "error=EIO")):
        place = fresh(start, tmp_path)
        check_erasure(place, inject(place, call, fault, ERASE), (call, fault))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", CHECKS)
def test_each_call_of_keeping_and_erasing_may_fail_or_be_the_last(
    start: Path, tmp_path: Path, command: str, fault: str
) -> None:
    words, check = CHECKS[command]
    found = traced(fresh(start, tmp_path), words).list_calls(tmp_path / "trace")
    assert {"pwrite64", "fcntl"} <= {call for call, _ in found}
    for call in found:
        place = fresh(start, tmp_path)
        check(place, inject(place, call, fault, words), (command, call, fault))
    print(f"{command}, {fault}: {len(found)} calls")
