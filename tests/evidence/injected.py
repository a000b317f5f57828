"""Making a system call fail, or be the last one of its process, by ``strace``.

What is run is a fork of the test's own process, so that nothing has to be imported again;
``strace`` is attached to it before it begins.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple, NoReturn

FAULTS = ("error=EIO", "signal=KILL")
WRITING = frozenset(
    ["openat", "pwrite64", "write", "fsync", "fdatasync", "rename", "unlink", "ftruncate"]
)
"""Calls that change files, and those that open them."""

_CALL = re.compile(r"\d+\s+(\w+)\(")

Call = tuple[str, int]
"""A system call by name, and which one of that name it is, from 1."""


class Ended(NamedTuple):
    """How a process ended: its exit code, or minus the signal; and what it said."""

    code: int
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class Traced:
    """An action, and the calls of it that are looked at: those on files, or of some names."""

    action: Callable[[], object]
    lines: bytes = b""
    files: Sequence[Path] = ()
    calls: str = "all"

    def record(self, trace: Path, *options: str) -> None:
        """Run the action undisturbed, its calls written to a file."""
        ended = self._run(trace, options)
        assert ended.code == 0, ended

    def list_calls(self, trace: Path) -> list[Call]:
        """Every call of the undisturbed action."""
        self.record(trace)
        count: dict[str, int] = {}
        found = []
        for line in trace.read_text().splitlines():
            if match := _CALL.match(line):
                count[match[1]] = count.get(match[1], 0) + 1
                found.append((match[1], count[match[1]]))
        return found

    def run(self, call: Call, fault: str) -> Ended:
        """The action with one fault."""
        name, number = call
        return self._run(Path("/dev/null"), ["-e", f"inject={name}:{fault}:when={number}"])

    def _run(self, trace: Path, inject: Iterable[str]) -> Ended:
        paths = [word for file in self.files for word in ("-P", str(file))]
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(self.lines)
            given.flush()
            given.seek(0)
            waits, go = os.pipe()
            child = os.fork()
            if child == 0:
                os.read(waits, 1)
                self._become((given, out, err))
            tracer = subprocess.Popen(
                ["strace", "-f", "-p", str(child), "-o", str(trace), *paths,
                 "-e", f"trace={self.calls}", *inject], stderr=subprocess.DEVNULL,
            )  # fmt: skip
            _wait_for_tracer(child)
            os.write(go, b"x")
            _, status = os.waitpid(child, 0)
            tracer.wait()
            os.close(waits)
            os.close(go)
            return Ended(os.waitstatus_to_exitcode(status), _content(out), _content(err))

    def _become(self, streams: Iterable[IO[bytes]]) -> NoReturn:
        """Be a process that does nothing but the action."""
        code: object = 0
        try:
            for number, stream in enumerate(streams):
                os.dup2(stream.fileno(), number)
            sys.stdin, sys.stdout, sys.stderr = (
                os.fdopen(number, mode) for number, mode in enumerate("rww")
            )
            self.action()
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
            code = 70
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _wait_for_tracer(process: int) -> None:
    status = Path(f"/proc/{process}/status")
    while "TracerPid:\t0\n" in status.read_text():
        time.sleep(0.001)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def database_files(database: Path) -> list[Path]:
    """What SQLite keeps beside a database file, and the file."""
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal")]


def private_files(folder: Path) -> list[Path]:
    """What a private folder may hold, and the folder."""
    names = ["checkpoint", "checkpoint.new", "key", "key.new", "key.staged", "key.staged.new",
             "writer.lock", "swap.lock"]  # fmt: skip
    return [folder, *(folder / name for name in names)]


def log_files(place: Path) -> list[Path]:
    """All that belongs to a log of its own, ``log`` in a folder, with what lies beside it."""
    log = place / "log"
    names = ["log.sqlite.sha256", "log.sqlite.sha256.new", "public-key.txt", "public-key.txt.new"]
    files = [log, *database_files(log / "log.sqlite"), *(log / name for name in names)]
    return [*files, *private_files(place / "log.private")]


def fresh(start: Path, work: Path) -> Path:
    """A copy of a log's folder, in the same place each time."""
    place = work / "place"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(start, place)
    return place
