"""What a disk may hold when the power fails: traced writes done again, but for those not synced.

A process that dies leaves all that it wrote to the system; a power cut does not. Until a file is
synced each of its writes may be there, missing or torn; until a folder is synced, its new names may
be missing from some moment on. Anything of that must do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import NamedTuple

from tests.evidence.injected import Traced

STRACE = ("-y", "-xx", "-s", "1000000")
CALLS = "openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,unlink,mkdir,lseek"

_LINE = re.compile(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
_FILE = re.compile(r"^(\d+)<((?:\\x[0-9a-f]{2})+)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Call(NamedTuple):
    """A traced call that succeeded: name, file, texts, all arguments as they stand, result."""

    name: str
    descriptor: int
    path: str
    texts: list[bytes]
    words: str
    result: int


class Write(NamedTuple):
    """Bytes at a place of a file, or (no bytes) its length."""

    at: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        if self.data is None:
            del content[self.at :]
            content.extend(bytes(self.at - len(content)))
        else:
            content.extend(bytes(max(0, self.at - len(content))))
            content[self.at : self.at + len(self.data)] = self.data

    def torn(self) -> "Write":
        """As much of it as a drive may have got done."""
        return self if self.data is None else Write(self.at, self.data[: len(self.data) // 2])


Names = dict[str, int]
"""Which file stands under a path."""


@dataclass
class Disk:
    """What is durable, and what the system only has in memory, in order."""

    names: Names
    files: dict[int, bytes]
    unsynced: list[tuple[int, Write]] = field(default_factory=list)
    renamed: list[Names] = field(default_factory=list)
    """The names after each change that no sync of a folder covers yet."""

    @classmethod
    def of(cls, root: Path) -> "Disk":
        """The disk as it is now, all of it durable."""
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        files = {number: path.read_bytes() for number, path in enumerate(paths)}
        return cls({str(path): number for number, path in enumerate(paths)}, files)

    @property
    def now(self) -> Names:
        """The names as programs see them."""
        return self.renamed[-1] if self.renamed else self.names

    def rename(self, names: Names) -> None:
        self.renamed.append(names)

    def sync(self, path: str) -> None:
        """A file's writes, or the names in a folder, are durable from now on."""
        number = self.now.get(path)
        if number is None:
            self._sync_folder(Path(path))
            return
        content = bytearray(self.files[number])
        for _, write in [one for one in self.unsynced if one[0] == number]:
            write.apply(content)
        self.files[number] = bytes(content)
        self.unsynced = [one for one in self.unsynced if one[0] != number]

    def _sync_folder(self, folder: Path) -> None:
        inside = {path: n for path, n in self.now.items() if Path(path).parent == folder}

        def synced(names: Names) -> Names:
            return {p: n for p, n in names.items() if Path(p).parent != folder} | inside

        self.names = synced(self.names)
        self.renamed = list(
            dropwhile(lambda names: names == self.names, map(synced, self.renamed))
        )

    def remains(self) -> Iterator[dict[str, bytes]]:
        """What a power cut may leave: every content by its path."""
        for names in [self.names, *self.renamed]:
            for writes in self._written():
                contents = {number: bytearray(data) for number, data in self.files.items()}
                for number, write in writes:
                    write.apply(contents[number])
                yield {path: bytes(contents[number]) for path, number in names.items()}

    def _written(self) -> Iterator[Sequence[tuple[int, Write]]]:
        """None of the writes, all of them, each one alone, all but one, and one torn."""
        writes = self.unsynced
        yield []
        yield writes
        for at, (number, write) in enumerate(writes):
            yield [writes[at]]
            yield writes[:at] + writes[at + 1 :]
            yield [*writes[:at], (number, write.torn()), *writes[at + 1 :]]


class Cut(NamedTuple):
    """A moment at which the power fails: what had been said by then, and what the disk may hold."""

    said: bytes
    disk: dict[str, bytes]

    def restore(self) -> None:
        """Put the disk's content where the files were."""
        for path, data in self.disk.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(data)


def power_cuts(action: Traced, root: Path, trace: Path) -> Iterator[Cut]:
    """Each different state in which a power cut may leave the files under ``root``."""
    disk, said = Disk.of(root), b""
    action.record(trace, *STRACE)
    positions: dict[int, int] = {}
    seen = set[tuple[bytes, frozenset[tuple[str, bytes]]]]()
    for call in _calls(trace):
        if call.name == "write" and call.descriptor == 1:
            said += call.texts[-1]
        elif Path(call.path).is_relative_to(root) and not call.path.endswith("-shm"):
            # SQLite makes the last anew where no process has the database open.
            _happen(disk, call, positions)
        else:
            continue
        for content in disk.remains():
            state = (said, frozenset(content.items()))
            if state not in seen:
                seen.add(state)
                yield Cut(said, content)


def _happen(disk: Disk, call: Call, positions: dict[int, int]) -> None:
    """What a call changes on the disk."""
    path = call.path
    match call.name:
        case "openat":
            _open(disk, call, positions)
        case "pwrite64" | "write":
            *_, at = call.words.split(", ")
            start = int(at) if call.name == "pwrite64" else positions[call.descriptor]
            positions[call.descriptor] = start + call.result
            disk.unsynced.append((disk.now[path], Write(start, call.texts[-1][: call.result])))
        case "ftruncate":
            length = int(call.words.split(", ")[-1])
            disk.unsynced.append((disk.now[path], Write(length, None)))
        case "fsync" | "fdatasync":
            disk.sync(path)
        case "unlink":
            disk.rename({name: number for name, number in disk.now.items() if name != path})
        case "rename":
            names = dict(disk.now)
            names[call.texts[1].decode()] = names.pop(path)
            disk.rename(names)


def _open(disk: Disk, call: Call, positions: dict[int, int]) -> None:
    path = call.path
    positions[call.result] = 0
    if "O_CREAT" in call.words and path not in disk.now:
        number = len(disk.files)
        disk.files[number] = b""
        disk.rename(disk.now | {path: number})
    elif "O_TRUNC" in call.words:
        disk.unsynced.append((disk.now[path], Write(0, None)))


def _calls(trace: Path) -> Iterator[Call]:
    """The traced calls that succeeded, in order."""
    for line in trace.read_text().splitlines():
        match = _LINE.match(line)
        assert match or "+++" in line or "---" in line, line[:200]
        if match and int(match[3]) >= 0:
            file = _FILE.match(match[2])
            texts = [_bytes(text) for text in _TEXT.findall(match[2])]
            path = _bytes(file[2]) if file else texts[0]
            descriptor = int(file[1]) if file else -1
            yield Call(match[1], descriptor, path.decode(), texts, match[2], int(match[3]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
