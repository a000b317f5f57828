"""Issuing codes, end to end to CSV and registry, beside ``openssl speed ed25519``, per core.

Run: ``python -m bench.codes_issuing [COUNT]``.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from codes.issue_workers import chunks_by_workers
from codes.issuing import MakerSecrets, chunks
from codes.job_files import write_csv
from codes.jobs import IssueOrder, allot
from tracewarden.commands.job_register import RegistryRegister
from tracewarden.installation import open_database

AIM = 0.85


def openssl_signs_per_second(seconds: int = 3) -> float:
    """What one core signs by OpenSSL's own measure."""
    command = ["openssl", "speed", "-seconds", str(seconds), "ed25519"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    match = re.search(r"Ed25519\)\s+\S+\s+\S+\s+([0-9.]+)", said)
    assert match is not None, said
    return float(match[1])


def codes_per_second(count: int, workers: int = 0) -> float:
    """Codes of a job that was allotted, noted in the registry, and written to a CSV.

    In this process, by its processor time, where ``workers`` is 0; else by the clock. The registry
    is there already, as it is wherever somebody issues codes.
    """
    clock = time.perf_counter if workers else time.process_time
    order = IssueOrder(
        job="bench", gtin="09506000134352", count=count, key_id="K1", domain="id.example.com"
    )
    with tempfile.TemporaryDirectory() as folder:
        register = RegistryRegister(Path(folder) / "data")
        open_database(register.data).dispose()
        started = clock()
        job = allot(Path(folder), order, now=datetime(2026, 1, 1, tzinfo=UTC))
        register.note(job)
        secrets = MakerSecrets(job, bytes(32), bytes(range(32)), hidden=False)
        maker = secrets.maker()
        source = chunks_by_workers(secrets, workers) if workers else chunks(maker)
        write_csv(Path(folder) / "codes.csv", maker, source, lambda done: None)
        return count / (clock() - started)


def measure(count: int = 60_000) -> dict[str, float]:
    """Both rates per core, their ratio, and the rate with a worker on every core.

    The two are measured in turns, so that a machine that speeds up or slows down moves both, and
    both in processor time, so that neighbours on the machine do not count.
    """
    signs, codes = [], []
    for _ in range(2):
        signs.append(openssl_signs_per_second())
        codes.append(codes_per_second(count))
    cores = os.cpu_count() or 1
    return {
        "openssl_signs_per_s": max(signs),
        "codes_per_s": round(max(codes), 1),
        "ratio": round(max(codes) / max(signs), 3),
        "aim": AIM,
        "cores": cores,
        "codes_per_s_all_cores": round(codes_per_second(2 * count, cores), 1),
    }


def main() -> None:
    """Print the measurement as a line of JSON."""
    sys.stdout.write(json.dumps(measure(*map(int, sys.argv[1:2]))) + "\n")


if __name__ == "__main__":
    main()
