"""Making a system call fail, or be the last one of its process, by ``strace``."""

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

FAULTS = ("error=EIO", "signal=KILL")
_CALL = re.compile(r"\d+\s+(\w+)\(")

Call = tuple[str, int]
"""A system call by name, and which one of that name it is, from 1."""


@dataclass(frozen=True)
class Traced:
    """A command, and the calls of it that are looked at: those on files, and of whole classes."""

    command: Sequence[str]
    lines: bytes = b""
    files: Sequence[Path] = ()
    calls: str = "all"

    def list_calls(self, trace: Path) -> list[Call]:
        """Every call of the undisturbed command."""
        self._run(trace, [], check=True)
        count: dict[str, int] = {}
        found = []
        for line in trace.read_text().splitlines():
            if match := _CALL.match(line):
                count[match[1]] = count.get(match[1], 0) + 1
                found.append((match[1], count[match[1]]))
        return found

    def run(self, call: Call, fault: str) -> subprocess.CompletedProcess[bytes]:
        """The command with one fault."""
        name, number = call
        inject = ["-e", f"inject={name}:{fault}:when={number}"]
        return self._run(Path("/dev/null"), inject, check=False)

    def _run(
        self, trace: Path, inject: Iterable[str], *, check: bool
    ) -> subprocess.CompletedProcess[bytes]:
        paths = [word for file in self.files for word in ("-P", str(file))]
        return subprocess.run(
            ["strace", "-f", "-o", str(trace), *paths, "-e", f"trace={self.calls}", *inject,
             *self.command],
            input=self.lines, capture_output=True, check=check,
        )  # fmt: skip


def database_files(database: Path) -> list[Path]:
    """What SQLite keeps beside a database file, and the file."""
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal")]


def private_files(folder: Path) -> list[Path]:
    """What a private folder may hold, and the folder."""
    names = ["checkpoint", "checkpoint.new", "key", "key.new", "key.staged", "key.staged.new",
             "writer.lock", "swap.lock"]  # fmt: skip
    return [folder, *(folder / name for name in names)]


WRITING = frozenset(
    ["openat", "pwrite64", "write", "fsync", "fdatasync", "rename", "unlink", "ftruncate"]
)
"""Calls that change files, and those that open them."""
