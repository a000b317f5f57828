"""Every system call that touches a log folder fails once, and the process dies there once (soak).

``strace`` injects the fault into the n-th call of its kind; afterwards the log must hold all that
was acknowledged, be signed for no more than it holds, and take further entries.
"""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local import packages
from evidence.checkpoint import Checkpoint
from evidence.entry import entry_from_line
from evidence.note import VerifierKey
from store.evidence_folder import LogFolder
from store.evidence_keys import keys_since
from store.evidence_log import Appended, EvidenceLog
from store.evidence_writer import open_writer
from tests.evidence.injected import (
    FAULTS,
    WRITING,
    Call,
    Traced,
    fresh,
    log_files,
)
from tracewarden.commands.evidence import app

LINES = b"".join(b'{"id":"s-%d"}\n' % number for number in range(3))
DISK_FULL = "error=ENOSPC"


@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    packages.require(packages.STRACE)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A log of two entries beside its private folder."""
    place = tmp_path / "start"
    run(["init", "--log", str(place / "log"), "--name", "o.example"])
    append(LogFolder.at(place / "log"), b"{}\n{}\n")
    return place


def run(words: list[str]) -> None:
    """A command that meets no fault."""
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output


def traced(place: Path, command: str, *more: str) -> Traced:
    """A command of the log, whose calls on the log's files may be made to fail."""
    log = place / "log"
    lines = LINES if command == "append" else b""
    return Traced(partial(app, [command, "--log", str(log), *more]), lines, log_files(place))


def calls_of(start: Path, work: Path, command: str, kind: str = "all") -> list[Call]:
    """The calls that touch the log in one command: those that change files, or the others."""
    found = traced(fresh(start, work), command).list_calls(work / "trace")
    assert {"pwrite64", "fcntl", "pread64"} <= {call for call, _ in found}
    return [call for call in found if kind in ("all", KINDS[call[0] in WRITING])]


KINDS = ("looking", "changing")


def inject(place: Path, call: Call, fault: str, command: str = "append") -> list[dict[str, object]]:
    """Run a command under one fault; what was acknowledged."""
    done = traced(place, command).run(call, fault)
    assert b"Traceback" not in done.stderr, (call, fault, done.stderr)
    assert done.code in (0, 2) or fault.startswith("signal"), (call, fault, done.stderr)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.endswith(b"}")]
    return [answer for answer in answers if "index" in answer]


def check(place: Path, acknowledged: list[dict[str, object]], why: object = None) -> None:
    folder = LogFolder.at(place / "log")
    assert list(folder.fsck()) == [], why
    with folder.reading() as conn:
        head = EvidenceLog().head(conn)
        leaves = EvidenceLog().tile_hashes(conn, 0, 0, head.size)
    for answer in acknowledged:
        assert leaves[int(str(answer["index"]))].hex() == answer["leaf_hash"], why
    signed = Checkpoint.parse(folder.guard.last().text).size
    assert 2 + len(acknowledged) <= signed <= head.size, why
    assert [one.index for one in append(folder)] == [2, 3, 4], why
    assert list(folder.fsck()) == [], why


def append(folder: LogFolder, lines: bytes = LINES) -> list[Appended]:
    """Lines by a process that meets no fault: this one."""
    with open_writer(folder) as writer:
        answers = writer.append([entry_from_line(line) for line in lines.splitlines()])
    return [answer for answer in answers if isinstance(answer, Appended)]


def test_a_few_faults_lose_nothing(start: Path, tmp_path: Path) -> None:
    for call, fault in (
        (("fsync", 2), "error=EIO"),
        (("fdatasync", 1), "signal=KILL"),
        (("pwrite64", 3), DISK_FULL),
        (("rename", 1), "error=EIO"),
    ):
        place = fresh(start, tmp_path)
        check(place, inject(place, call, fault), (call, fault))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", [*FAULTS, DISK_FULL])
@pytest.mark.parametrize("kind", KINDS)
def test_each_call_that_touches_the_log_may_fail_or_be_the_last(
    start: Path, tmp_path: Path, kind: str, fault: str
) -> None:
    found = calls_of(start, tmp_path, "append", kind)
    for call in found:
        place = fresh(start, tmp_path)
        check(place, inject(place, call, fault), (call, fault))
    print(f"append, {kind}, {fault}: {len(found)} calls")


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["checkpoint", "fsck"])
def test_each_call_of_signing_and_of_checking_may_fail(
    start: Path, tmp_path: Path, command: str, fault: str
) -> None:
    found = calls_of(start, tmp_path, command)
    for call in found:
        place = fresh(start, tmp_path)
        done = traced(place, command).run(call, fault)
        assert b"Traceback" not in done.stderr, (call, fault, done.stderr)
        check(place, [], (command, call, fault))
    print(f"{command}, {fault}: {len(found)} calls")


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_call_that_writes_tiles_may_fail_and_the_next_run_repairs(
    start: Path, tmp_path: Path, fault: str
) -> None:
    whole = tiles_of(start, tmp_path / "whole")
    out = tmp_path / "tiles"
    written = [out / name for name in whole] + [out / f"{name}.new" for name in whole]
    folders = {path.parent for path in written}
    writes = partial(app, ["tiles", "--log", str(start / "log"), "--out", str(out)])
    tiles = Traced(writes, b"", [out, *sorted(folders), *written])
    found = tiles.list_calls(tmp_path / "trace")
    for call in found:
        shutil.rmtree(out)
        done = tiles.run(call, fault)
        assert b"Traceback" not in done.stderr, (call, fault, done.stderr)
        # Whoever sees the checkpoint sees every tile that it needs.
        if (out / "checkpoint").exists():
            assert {name: (out / name).read_bytes() for name in whole} == whole, (call, fault)
        assert tiles_of(start, out) == whole, (call, fault)
    print(f"tiles, {fault}: {len(found)} calls")


def tiles_of(start: Path, out: Path) -> dict[str, bytes]:
    """The tiles tree as written, by path."""
    run(["tiles", "--log", str(start / "log"), "--out", str(out)])
    return {
        str(file.relative_to(out)): file.read_bytes()
        for file in out.rglob("*")
        if file.is_file() and file.suffix != ".new"
    }


def check_rotation(place: Path, first: VerifierKey, why: object = None) -> None:
    """The old key is in force or the new one, the log is whole, and the next append goes on."""
    folder = LogFolder.at(place / "log")
    assert list(folder.fsck()) == [], why
    assert len(append(folder)) == 3, why
    assert list(folder.fsck()) == [], why
    assert folder.guard.staged() is None, why
    with folder.reading() as conn:
        keys = keys_since(conn, first)
    assert folder.public_key() == folder.guard.key().verifier == keys[-1], why
    folder.guard.last().verified_by(keys)


def test_a_rotation_that_dies_leaves_one_key_in_force(start: Path, tmp_path: Path) -> None:
    first = LogFolder.at(start / "log").public_key()
    for number in (2, 5):
        place = fresh(start, tmp_path)
        inject(place, ("rename", number), "signal=KILL", "rotate")
        check_rotation(place, first)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_call_of_a_rotation_may_fail_or_be_the_last(
    start: Path, tmp_path: Path, kind: str, fault: str
) -> None:
    first = LogFolder.at(start / "log").public_key()
    found = calls_of(start, tmp_path, "rotate", kind)
    for call in found:
        place = fresh(start, tmp_path)
        inject(place, call, fault, "rotate")
        check_rotation(place, first, (call, fault))
    print(f"rotate, {kind}, {fault}: {len(found)} calls")
