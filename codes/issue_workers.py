"""Worker processes that make a job's codes on every core; each is ``python -m`` this module.

A worker gets its secrets and then ranges through its standard input, and answers each range with
its CSV lines; it ends when its parent closes the pipe, or dies.
"""

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import IO

import msgspec

from codes.issuing import CHUNK, ChunkSource, MakerSecrets

_LENGTH = struct.Struct(">Q")
_RANGE = struct.Struct(">QQ")
_AHEAD = 2
_WORTH_A_PROCESS = 4 * CHUNK


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_for(count: int) -> int:
    """Workers that ``count`` codes deserve; none where starting them costs more than they save."""
    return min(cores(), count // _WORTH_A_PROCESS)


def _start(secrets: bytes) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen(
        [sys.executable, "-m", "codes.issue_workers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    stdin, _ = _pipes(worker)
    stdin.write(_LENGTH.pack(len(secrets)) + secrets)
    stdin.flush()
    return worker


def _pipes(worker: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    return worker.stdin, worker.stdout


def _exactly(stream: IO[bytes], length: int) -> bytes:
    """So many bytes, or fewer where the stream ends before."""
    parts: list[bytes] = []
    while length > 0 and (part := stream.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _ask(worker: subprocess.Popen[bytes], first: int, count: int) -> None:
    stdin, _ = _pipes(worker)
    stdin.write(_RANGE.pack(first, count))
    stdin.flush()


def _answer(worker: subprocess.Popen[bytes]) -> bytes:
    _, stdout = _pipes(worker)
    head = _exactly(stdout, _LENGTH.size)
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        chunk = _exactly(stdout, length)
        if len(chunk) == length:
            return chunk
    raise OSError("a worker that makes codes ended before its work was done")


def _stop(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    for stream in _pipes(worker):
        stream.close()
    worker.wait()


def chunks_by_workers(secrets: MakerSecrets, processes: int) -> ChunkSource:
    """Chunks made by ``processes`` workers, handed out in turn and so collected in order."""

    def source(first: int) -> Iterator[bytes]:
        total = secrets.job.order.count
        asked = iter(range(first, total, CHUNK))
        with ExitStack() as stack:
            workers = []
            for _ in range(processes):
                worker = _start(msgspec.msgpack.encode(secrets))
                stack.callback(_stop, worker)
                workers.append(worker)
            yield from _in_turn(workers, asked, total)

    return source


def _in_turn(
    workers: list[subprocess.Popen[bytes]], asked: Iterator[int], total: int
) -> Iterator[bytes]:
    """Every worker has a few ranges ahead; answers come in the order of asking."""
    outstanding = 0
    askers = cycle(workers)
    for _ in range(_AHEAD * len(workers)):
        outstanding += _ask_next(next(askers), asked, total)
    for worker in cycle(workers):
        if not outstanding:
            return
        yield _answer(worker)
        outstanding -= 1
        outstanding += _ask_next(next(askers), asked, total)


def _ask_next(worker: subprocess.Popen[bytes], asked: Iterator[int], total: int) -> int:
    at = next(asked, None)
    if at is None:
        return 0
    _ask(worker, at, min(CHUNK, total - at))
    return 1


def main() -> None:
    """A worker's life."""
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    (length,) = _LENGTH.unpack(_exactly(stdin, _LENGTH.size))
    maker = msgspec.msgpack.decode(_exactly(stdin, length), type=MakerSecrets).maker()
    while len(head := _exactly(stdin, _RANGE.size)) == _RANGE.size:
        chunk = maker.csv_lines(*_RANGE.unpack(head))
        stdout.write(_LENGTH.pack(len(chunk)) + chunk)
        stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        os._exit(1)
