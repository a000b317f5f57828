"""How fast ``tracewarden evidence append`` answers lines of which so many are under way at once.

    .venv/bin/python -m bench.evidence_lines [--sizes 1000 1000000] [--share 1] [--folder DIR]

Entries and numbers of callers are those of ``bench.evidence_append``; here they reach the log as
people's programs do, through one process's stdin, and are published when its answer is read. CPU is
the command's alone, between its first answer and its last.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from bench.evidence_append import CALLERS, asked, body, closed_loop
from evidence.note import SigningKey
from store.evidence_folder import LogFolder
from store.evidence_writer import open_writer

COMMAND = Path(sys.executable).with_name("tracewarden")
TICKS = os.sysconf("SC_CLK_TCK")


def line(number: int) -> bytes:
    """An entry as a line."""
    return json.dumps(body(number) | {"id": f"{number:064x}"}).encode() + b"\n"


def feed(stdin: IO[bytes], lines: "SimpleQueue[bytes | None]") -> None:
    """Write what is handed over, in a thread of its own: the command may not read at the moment."""
    while (data := lines.get()) is not None:
        stdin.write(data)
        stdin.flush()


def cpu_s(process: int) -> float:
    """Processor seconds that a process has taken."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def through_command(folder: LogFolder, callers: int, total: int, start: int) -> dict[str, Any]:
    """Append ``total`` lines, ``callers`` of them under way; one before them is not counted."""
    command = [str(COMMAND), "evidence", "append", "--log", str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        given = SimpleQueue[bytes | None]()
        feeder = threading.Thread(target=feed, args=(process.stdin, given))
        feeder.start()
        given.put(line(start))
        process.stdout.readline()
        began, cpu = time.perf_counter(), cpu_s(process.pid)
        latencies = closed_lines(given, process.stdout.fileno(), callers, total, start + 1)
        seconds, cpu = time.perf_counter() - began, cpu_s(process.pid) - cpu
        given.put(None)
        feeder.join()
        process.stdin.close()
    latencies.sort()
    return {
        "per_s": round(total / seconds),
        "p50_ms": round(1e3 * latencies[total // 2], 2),
        "p99_ms": round(1e3 * latencies[total * 99 // 100], 2),
        "cpu_s_per_million": round(1e6 * cpu / total, 1),
    }


def closed_lines(
    given: "SimpleQueue[bytes | None]", answers: int, callers: int, total: int, start: int
) -> list[float]:
    """Hand a line over for each that is answered; seconds that each took."""
    made = [line(number) for number in range(start, start + total)]
    under_way, latencies = deque[float](), list[float]()
    wanted, sent = callers, 0
    while len(latencies) < total:
        more = min(wanted, total - sent)
        under_way += [time.perf_counter()] * more
        given.put(b"".join(made[sent : sent + more]))
        sent += more
        wanted = os.read(answers, 1 << 16).count(b"\n")
        now = time.perf_counter()
        latencies += [now - under_way.popleft() for _ in range(wanted)]
    return latencies


def measure(place: Path, size: int, share: float) -> None:
    """All callers at one size of the log, printed as they come."""
    key = SigningKey.from_seed("bench.example/log", bytes(32))
    folder = LogFolder.create(place / f"log-{size}", None, key)
    with open_writer(folder) as writer:
        closed_loop(writer.commit, writer.seal, 4096, size, 0)
    start = size
    for callers, most in CALLERS.items():
        total = max(callers, int(most * share))
        found = {"log_size": size, "callers": callers, "until": "answered"}
        found |= through_command(folder, callers, total, start)
        print(json.dumps(found), flush=True)
        start += total + 1


def main() -> None:
    """Print one JSON line a measurement."""
    options = asked(__doc__)
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        for size in options.sizes:
            measure(Path(place), size, options.share)


if __name__ == "__main__":
    main()
