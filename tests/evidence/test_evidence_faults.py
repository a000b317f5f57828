"""Every system call that touches the log fails once, and the process dies there once (soak).

``strace`` injects the fault into the n-th call of its kind; afterwards the log must hold all that
was acknowledged, be signed for no more than it holds, and take further entries.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import packages
from evidence.checkpoint import Checkpoint
from evidence.note import VerifierKey
from store.evidence_folder import LogFolder
from store.evidence_keys import keys_since
from store.evidence_log import EvidenceLog

RUN = [sys.executable, "-c", "from tracewarden.commands.evidence import app; app()"]
APPEND, ROTATE = [*RUN, "append"], [*RUN, "rotate"]
WRITES = "openat,pwrite64,write,fsync,fdatasync,rename,unlink,ftruncate"
FAULTS = ("error=EIO", "signal=KILL")
LINES = b"".join(b'{"id":"s-%d"}\n' % number for number in range(3))



@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    packages.require(packages.STRACE)


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A log of two entries beside its private folder."""
    place = tmp_path / "start"
    log = str(place / "log")
    subprocess.run([*RUN, "init", "--log", log, "--name", "o.example"], check=True)
    subprocess.run([*APPEND, "--log", log], input=b"{}\n{}\n", check=True)
    return place


def calls(start: Path, work: Path, command: list[str] = APPEND) -> list[tuple[str, int]]:
    """The calls that touch the log in one command, as ``(name, n-th of that name)``."""
    place = fresh(start, work)
    trace = work / "trace"
    subprocess.run(
        ["strace", "-f", "-o", str(trace), *paths(place), "-e", f"trace={WRITES}",
         *command, "--log", str(place / "log")],
        input=LINES, capture_output=True, check=True,
    )  # fmt: skip
    count: dict[str, int] = {}
    found = []
    for line in trace.read_text().splitlines():
        name = line.split(None, 1)[1].split("(", 1)[0]
        if name in WRITES.split(","):
            count[name] = count.get(name, 0) + 1
            found.append((name, count[name]))
    return found


def paths(place: Path) -> Iterator[str]:
    """Only calls on these files are traced and made to fail."""
    log, private = place / "log", place / "log.private"
    names = ["log.sqlite", "log.sqlite-wal", "log.sqlite-journal", "log.sqlite.sha256",
             "log.sqlite.sha256.new", "public-key.txt"]  # fmt: skip
    names += ["public-key.txt.new"]
    secret = ["checkpoint", "checkpoint.new", "key", "key.staged", "key.staged.new",
              "writer.lock", "swap.lock"]  # fmt: skip
    for path in [log, private, *(log / one for one in names), *(private / one for one in secret)]:
        yield from ("-P", str(path))


def fresh(start: Path, work: Path) -> Path:
    place = work / "place"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(start, place)
    return place


def inject(
    place: Path, call: str, number: int, fault: str, command: list[str] = APPEND
) -> list[dict[str, object]]:
    """Append under one fault; what was acknowledged."""
    done = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", *paths(place), "-e", f"trace={WRITES}",
         "-e", f"inject={call}:{fault}:when={number}", *command, "--log", str(place / "log")],
        input=LINES, capture_output=True, check=False,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, (call, number, fault, done.stderr)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.endswith(b"}")]
    return [answer for answer in answers if "index" in answer]


def check(place: Path, acknowledged: list[dict[str, object]]) -> None:
    folder = LogFolder.at(place / "log")
    assert list(folder.fsck()) == []
    with folder.reading() as conn:
        head = EvidenceLog().head(conn)
        leaves = EvidenceLog().tile_hashes(conn, 0, 0, head.size)
    for answer in acknowledged:
        assert leaves[int(str(answer["index"]))].hex() == answer["leaf_hash"]
    signed = Checkpoint.parse(folder.guard.last().text).size
    assert 2 + len(acknowledged) <= signed <= head.size
    again = subprocess.run(
        [*APPEND, "--log", str(place / "log")], input=LINES, capture_output=True, check=True
    )
    assert [json.loads(line)["index"] for line in again.stdout.splitlines()] == [2, 3, 4]
    assert list(folder.fsck()) == []


def test_a_few_faults_lose_nothing(start: Path, tmp_path: Path) -> None:
    for call, number, fault in (
        ("fsync", 2, "error=EIO"),
        ("fdatasync", 1, "signal=KILL"),
        ("pwrite64", 3, "signal=KILL"),
        ("rename", 1, "error=EIO"),
    ):
        place = fresh(start, tmp_path)
        check(place, inject(place, call, number, fault))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_call_that_touches_the_log_may_fail_or_be_the_last(
    start: Path, tmp_path: Path, fault: str
) -> None:
    found = calls(start, tmp_path)
    assert {"pwrite64", "write", "rename"} <= {call for call, _ in found}
    for call, number in found:
        place = fresh(start, tmp_path)
        acknowledged = inject(place, call, number, fault)
        check(place, acknowledged)


def check_rotation(place: Path, first: VerifierKey) -> None:
    """The old key is in force or the new one, the log is whole, and the next append goes on."""
    folder = LogFolder.at(place / "log")
    assert list(folder.fsck()) == []
    subprocess.run(
        [*APPEND, "--log", str(place / "log")], input=LINES, capture_output=True, check=True
    )
    assert list(folder.fsck()) == []
    assert folder.guard.staged() is None
    with folder.reading() as conn:
        keys = keys_since(conn, first)
    assert folder.public_key() == folder.guard.key().verifier == keys[-1]
    folder.guard.last().verified_by(keys)


def test_a_rotation_that_dies_leaves_one_key_in_force(start: Path, tmp_path: Path) -> None:
    first = LogFolder.at(start / "log").public_key()
    for number in (2, 5):
        place = fresh(start, tmp_path)
        inject(place, "rename", number, "signal=KILL", ROTATE)
        check_rotation(place, first)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_call_of_a_rotation_may_fail_or_be_the_last(
    start: Path, tmp_path: Path, fault: str
) -> None:
    first = LogFolder.at(start / "log").public_key()
    for call, number in calls(start, tmp_path, ROTATE):
        place = fresh(start, tmp_path)
        inject(place, call, number, fault, ROTATE)
        check_rotation(place, first)
