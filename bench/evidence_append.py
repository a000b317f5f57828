"""How fast entries become durable and signed for, beside what the disk and SQLite alone can do.

    .venv/bin/python -m bench.evidence_append [--size 100000] [--folder DIR]

Callers are closed loops: each hands over its next entry when the one before is signed for. The
floor writes the same bytes in the same groups to a bare SQLite table with the same sync.
"""

import argparse
import json
import shutil
import sqlite3
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import rfc8785

from evidence.canonical import canonical
from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.note import SigningKey
from evidence.tree import inclusion_proof
from store.evidence_folder import LogFolder
from store.evidence_group import GroupWriter
from store.evidence_log import Appended
from store.evidence_writer import LogWriter, open_writer

CALLERS = {1: 300, 16: 4_800, 128: 25_600, 4096: 81_920}


def body(number: int) -> dict[str, Any]:
    """A signal's entry of about 450 bytes."""
    return {
        "kind": "signal", "rule": "scan-outside-territory", "rule_version": "1", "n": number,
        "subject": {"type": "item", "id": f"https://id.gs1.org/01/09506000134352/21/A{number}"},
        "strength": 0.981, "policy": "9f" * 32, "sources": [{"commitment": "ab" * 32}],
    }  # fmt: skip


def closed_loop(writer: LogWriter, callers: int, total: int, start: int) -> dict[str, Any]:
    """Let ``callers`` append ``total`` entries; seconds, latencies and CPU."""
    group = GroupWriter(writer.append)
    numbers = iter(range(start, start + total))
    latencies: list[float] = []

    def hand_over() -> None:
        number = next(numbers, None)
        if number is not None:
            at = time.perf_counter()
            entry = Entry(f"{number:064x}", body(number))
            group.submit(entry).add_done_callback(lambda done: answered(done, at))

    def answered(done: Future[Appended], at: float) -> None:
        done.result()
        latencies.append(time.perf_counter() - at)
        hand_over()

    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(callers):
        hand_over()
    while len(latencies) < total:
        time.sleep(0.005)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    group.close()
    latencies.sort()
    return {
        "callers": callers,
        "published_per_s": round(total / seconds),
        "p50_ms": round(1e3 * latencies[total // 2], 2),
        "p99_ms": round(1e3 * latencies[total * 99 // 100], 2),
        "cpu_s_per_million": round(1e6 * cpu / total, 1),
    }


def floor(folder: Path, callers: int, total: int) -> float:
    """Rows a second of a bare SQLite table, in the same groups with the same sync."""
    conn = sqlite3.connect(folder / f"floor-{callers}.sqlite", isolation_level=None)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, data BLOB)")
    rows = [(number, canonical(body(number))) for number in range(total)]
    began = time.perf_counter()
    for first in range(0, total, callers):
        conn.execute("BEGIN IMMEDIATE")
        conn.executemany("INSERT INTO entries VALUES (?, ?)", rows[first : first + callers])
        conn.execute("COMMIT")
    seconds = time.perf_counter() - began
    conn.close()
    return total / seconds


def encoders(count: int = 20_000) -> dict[str, Any]:
    """Entries a second through our encoder and through rfc8785's own."""
    bodies = [body(number) for number in range(count)]
    rates = {}
    for name, encode in (("ours", canonical), ("rfc8785", rfc8785.dumps)):
        began = time.process_time()
        for one in bodies:
            encode(one)
        rates[name] = count / (time.process_time() - began)
    ratio = round(rates["ours"] / rates["rfc8785"], 1)
    return {"canonical_per_s": {name: round(rate) for name, rate in rates.items()}, "ratio": ratio}


def proofs(folder: LogFolder, writer: LogWriter, count: int = 300) -> dict[str, Any]:
    """Time of one inclusion proof, each from a cold reader, in the middle of the run."""
    size = Checkpoint.parse(folder.guard.last().text).size
    times = []
    with writer.reading() as conn:
        for number in range(count):
            began = time.perf_counter()
            inclusion_proof(number * 7919 % size, size, writer.log.nodes(conn))
            times.append(time.perf_counter() - began)
    times.sort()
    return {"log_size": size, "proof_p50_ms": round(1e3 * times[count // 2], 3)}


def main() -> None:
    """Print one JSON line a measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="entries in the log beforehand")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder else")
    options = parser.parse_args()
    print(json.dumps(encoders()), flush=True)
    place = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        key = SigningKey.from_seed("bench.example/log", bytes(32))
        folder = LogFolder.create(place / "log", None, key)
        with open_writer(folder) as writer:
            for first in range(0, options.size, 4096):
                last = min(first + 4096, options.size)
                writer.append([Entry(f"{n:064x}", body(n)) for n in range(first, last)])
            start = options.size
            for callers, total in CALLERS.items():
                measured = closed_loop(writer, callers, total, start)
                start += total
                measured["share_of_floor"] = round(
                    measured["published_per_s"] / floor(place, callers, total), 3
                )
                print(json.dumps({"log_size": options.size} | measured), flush=True)
            print(json.dumps(proofs(folder, writer)), flush=True)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
