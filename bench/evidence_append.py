"""How fast entries become durable, and covered by a published checkpoint, beside Tessera.

    .venv/bin/python -m bench.evidence_append [--sizes 1000 1000000] [--share 1] [--folder DIR]

Callers are closed loops: each hands over its next entry of about 450 bytes when the one before is
answered. Tessera's POSIX driver (Go; where ``go`` is installed) does the same on the same disk,
with batches as large as there are callers, 10 ms of age and its shortest checkpoint interval. Each
is measured right after the other, and ``ratio`` is ours over Tessera's. CPU is the whole process's,
callers included. ``--share`` takes a part of the entries, for a quick look.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rfc8785
from sqlalchemy import Connection

from evidence.canonical import canonical
from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.note import SigningKey
from evidence.tree import NodeReader, consistency_proof, inclusion_proof
from store.evidence_folder import LogFolder
from store.evidence_group import Commit, GroupWriter
from store.evidence_log import Appended, EvidenceLog
from store.evidence_tree_reader import TileReader, heights_kept
from store.evidence_writer import LogWriter, open_writer

CALLERS = {1: 200, 16: 3_200, 128: 25_600, 4096: 81_920}
"""Entries handed over, by the number of callers."""

Prove = Callable[[int, int, NodeReader], list[bytes]]

UNTIL = ("durable", "published")
TESSERA = Path(__file__).with_name("tessera")


def body(number: int) -> dict[str, Any]:
    """A signal's entry of about 450 bytes."""
    return {
        "kind": "signal", "rule": "scan-outside-territory", "rule_version": "1", "n": number,
        "subject": {"type": "item", "id": f"https://id.gs1.org/01/09506000134352/21/A{number}"},
        "strength": 0.981, "policy": "9f" * 32, "sources": [{"commitment": "ab" * 32}],
    }  # fmt: skip


def closed_loop(
    commit: Commit, seal: Callable[[], object], callers: int, total: int, start: int
) -> dict[str, Any]:
    """Let ``callers`` append ``total`` entries; entries a second, latencies and CPU."""
    group = GroupWriter(commit, seal)
    numbers = iter(range(start, start + total))
    latencies: list[float] = []
    faults: list[BaseException] = []

    def hand_over() -> None:
        number = next(numbers, None)
        if number is not None:
            at = time.perf_counter()
            entry = Entry(f"{number:064x}", body(number))
            group.hand_over(entry, lambda answer: answered(answer, at))

    def answered(answer: Appended | BaseException, at: float) -> None:
        if isinstance(answer, BaseException):
            faults.append(answer)
            return
        latencies.append(time.perf_counter() - at)
        hand_over()

    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(min(callers, total)):
        hand_over()
    while len(latencies) < total and not faults:
        time.sleep(0.005)
    if faults:
        raise faults[0]
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    group.close()
    latencies.sort()
    return {
        "per_s": round(total / seconds),
        "p50_ms": round(1e3 * latencies[total // 2], 2),
        "p99_ms": round(1e3 * latencies[total * 99 // 100], 2),
        "cpu_s_per_million": round(1e6 * cpu / total, 1),
    }


def build_tessera(place: Path) -> Path | None:
    """The Go program, or None where Go or its modules cannot be had; the reason goes to stderr."""
    if shutil.which("go") is None:
        print("no go here: Tessera is left out", file=sys.stderr)
        return None
    program = place / "tessera"
    build = ["go", "build", "-o", str(program), "."]
    done = subprocess.run(build, cwd=TESSERA, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"Tessera is left out: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return None
    return program


def tessera(program: Path, log: Path, callers: int, total: int, until: str) -> dict[str, Any]:
    """The same loop through Tessera's POSIX driver, over a log that is there already."""
    command = [str(program), str(log), "0", str(callers), str(total), until]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return {
        name: round(found[name], 2) for name in ("per_s", "p50_ms", "p99_ms", "cpu_s_per_million")
    }


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
    """Time of one proof: from a reader that has read nothing yet, in a process that has computed
    nothing either or that has made proofs before, and from a reader that is kept."""
    size = Checkpoint.parse(folder.guard.last().text).size
    places = [number * 7919 % size for number in range(count)]
    with writer.reading() as conn:
        log, kept = writer.log, writer.log.proving(conn)
        first = [proof_ms(inclusion_proof, at, size, lambda: anew(log, conn)) for at in places]
        fresh = [proof_ms(inclusion_proof, at, size, lambda: log.proving(conn)) for at in places]
        later = [proof_ms(consistency_proof, at, size, lambda: log.proving(conn)) for at in places]
        again = [proof_ms(inclusion_proof, n % 256, size, lambda: kept) for n in range(count)]
    return {
        "log_size": size,
        "proof_first_p50_ms": round(sorted(first)[count // 2], 3),
        "proof_p50_ms": round(sorted(fresh)[count // 2], 3),
        "consistency_p50_ms": round(sorted(later)[count // 2], 3),
        "proof_kept_p50_ms": round(sorted(again)[count // 2], 3),
    }


def anew(log: EvidenceLog, conn: Connection) -> TileReader:
    """A reader as in a process that has just started."""
    heights_kept.cache_clear()
    return log.proving(conn)


def proof_ms(prove: Prove, at: int, size: int, nodes: Callable[[], TileReader]) -> float:
    """Processor milliseconds that one proof takes, with its reader."""
    began = time.process_time()
    prove(at, size, nodes())
    return 1e3 * (time.process_time() - began)


def measure(place: Path, size: int, share: float, program: Path | None) -> None:
    """All callers at one size of the log, printed as they come."""
    key = SigningKey.from_seed("bench.example/log", bytes(32))
    folder = LogFolder.create(place / f"log-{size}", None, key)
    theirs = place / f"tessera-{size}"
    if program is not None:
        fill = [str(program), str(theirs), str(size), "1", "1", "durable"]
        subprocess.run(fill, capture_output=True, check=True)
    with open_writer(folder) as writer:
        filled = closed_loop(writer.commit, writer.seal, 4096, size, 0)
        print(json.dumps({"log_size": size, "filled": filled}), flush=True)
        seals: dict[str, Callable[[], object]] = {"durable": bool, "published": writer.seal}
        start = size
        for callers, most in CALLERS.items():
            total = max(callers, int(most * share))
            for until in UNTIL:
                writer.seal()  # What was durable only must not be signed in another's time.
                os.sync()
                found = {"log_size": size, "callers": callers, "until": until}
                found |= closed_loop(writer.commit, seals[until], callers, total, start)
                start += total
                if program is not None:
                    # Its shortest interval bounds what it publishes: a fifth says the same.
                    count = total if until == "durable" else max(callers, total // 5)
                    os.sync()
                    other = tessera(program, theirs, callers, count, until)
                    found |= {"tessera": other, "ratio": round(found["per_s"] / other["per_s"], 2)}
                print(json.dumps(found), flush=True)
        writer.seal()
        print(json.dumps(proofs(folder, writer)), flush=True)


def asked(about: str | None) -> argparse.Namespace:
    """What the command line asks for: sizes of the log, the share of entries, a folder."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--share", type=float, default=1.0, help="part of the entries")
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder else")
    return parser.parse_args()


def main() -> None:
    """Print one JSON line a measurement."""
    options = asked(__doc__)
    print(json.dumps(encoders()), flush=True)
    place = Path(tempfile.mkdtemp(dir=options.folder))
    try:
        program = build_tessera(place)
        for size in options.sizes:
            measure(place, size, options.share, program)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
