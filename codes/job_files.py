"""A job's CSV: written so that being killed loses nothing, and continued from its last whole line.

The file itself is the only state, since everything in it follows from job and key ring.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from codes.errors import CodeError
from codes.issuing import CHUNK, ChunkSource, CodeMaker, Progress
from codes.print_reports import PrintRange, check_ranges


def _header(maker: CodeMaker) -> bytes:
    return ",".join(maker.columns).encode() + b"\n"


def _whole_lines(path: Path) -> tuple[int, int, bytes]:
    """Whole lines in the file, the byte after them, and the last of them."""
    lines, end, last, rest = 0, 0, b"", b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            whole = block.rfind(b"\n") + 1
            if whole:
                end += len(rest) + whole
                text = rest + block[:whole]
                last = text[text.rfind(b"\n", 0, -1) + 1 :]
                rest = block[whole:]
            else:
                rest += block
    return lines, end, last


def _codes_in(path: Path, maker: CodeMaker) -> tuple[int, int]:
    """How many codes of the job the file holds, and the byte after them.

    Raises:
        CodeError: ``job-invalid``: the file is not this job's.
    """
    lines, end, last = _whole_lines(path)
    if lines == 0:
        return 0, 0
    expected = _header(maker) if lines == 1 else b""
    if 1 < lines <= maker.job.order.count + 1:
        expected = maker.csv_lines(lines - 2, 1)
    if last != expected:
        raise CodeError(
            f"{path} is there already and holds something else than job {maker.job.order.job}",
            field="out",
            type="job-invalid",
        )
    return lines - 1, end


def _draft(out: Path) -> Path:
    return out.with_name(f".{out.name}.part")


def is_complete(out: Path, maker: CodeMaker) -> bool:
    """Whether ``out`` is there and holds the whole job.

    Raises:
        CodeError: it holds something else.
    """
    if not out.exists():
        return False
    codes, _ = _codes_in(out, maker)
    if codes != maker.job.order.count:
        raise CodeError(
            f"{out} is there already and holds {codes} codes", field="out", type="job-invalid"
        )
    return True


def write_csv(out: Path, maker: CodeMaker, source: ChunkSource, progress: Progress) -> None:
    """The job's codes into ``out``, from wherever an earlier attempt stopped.

    ``out`` appears when all its codes are on disk, and not before.

    Raises:
        CodeError: ``out``, or what is left of an attempt, is another job's.
    """
    if is_complete(out, maker):
        return
    draft = _draft(out)
    complete_draft(draft, maker, source, progress)
    draft.replace(out)
    sync(out.parent)


def complete_draft(draft: Path, maker: CodeMaker, source: ChunkSource, progress: Progress) -> None:
    """All the job's codes in the CSV ``draft``, durably; what is there already is kept."""
    with draft.open("ab") as file:
        _lock(file, draft)
        codes, end = _codes_in(draft, maker)
        file.truncate(end)
        if end == 0:
            file.write(_header(maker))
        progress(codes)
        for chunk in source(codes):
            file.write(chunk)
            codes += chunk.count(b"\n")
            progress(codes)
        file.flush()
        os.fsync(file.fileno())


def write_ranges(out: Path, maker: CodeMaker, ranges: Iterable[tuple[int, int]]) -> int:
    """The job's codes with these first and last indices, once more; how many they are.

    ``out`` appears when it is whole.

    Raises:
        CodeError: ``job-invalid``: a range is not the job's.
    """
    job, made = maker.job, 0
    asked = [PrintRange(first, last, "printed") for first, last in ranges]
    check_ranges(asked, job.first_index, job.order.count)
    draft = _draft(out)
    with draft.open("wb") as file:
        file.write(_header(maker))
        for wanted in asked:
            for at in range(wanted.first_index, wanted.last_index + 1, CHUNK):
                count = min(CHUNK, wanted.last_index + 1 - at)
                file.write(maker.csv_lines(at - job.first_index, count))
                made += count
        file.flush()
        os.fsync(file.fileno())
    draft.replace(out)
    sync(out.parent)
    return made


def _lock(file: IO[bytes], draft: Path) -> None:
    """Only one process at a time writes a draft."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CodeError(
            f"{draft} is being written by another process", field="out", type="job-invalid"
        ) from None


def sync(path: Path) -> None:
    """Returns when what was written to the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
