"""What territories cost two workers of one machine: each with its own, and out of one index.

Run: ``python -m bench.geo_shared [DOUBLINGS]``. 3,108 US counties, each edge halved and bent so
many times (6: 3.7 million vertices), lie in a SQLite database. Two workers after one another take
up the registry, find the counties of 20,000 points and index an area of 40 counties; then, with
both still there, memory by ``/proc/self/smaps_rollup``: resident, and proportional, in which pages
that both have count half. CPU seconds of the first and the second worker.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

from bench.geo_counties import counties, points_in
from registry.model import Territory
from store.engine import open_engine, sqlite_url
from store.migrations import migrate
from store.registry import add_rows
from stream_processors.registry_source import RegistrySource

POINTS = 20_000
TOGETHER = 40


def database(folder: Path, doublings: int) -> Path:
    """The counties in a database, and points in them beside it."""
    shapes = counties(doublings)
    rows = [
        Territory(
            territory_id=f"C{number}", name=f"County {number}", version=1,
            geometry=json.loads(shapely.to_geojson(shape)),
        )
        for number, shape in enumerate(shapes)
    ]  # fmt: skip
    path = folder / "d.sqlite"
    engine = open_engine(sqlite_url(path))
    migrate(engine)
    with engine.begin() as connection:
        add_rows(connection, "bench", now_us=1, territories=rows)
    engine.dispose()
    np.save(folder / "points.npy", np.stack(points_in(shapes, POINTS)))
    return path


def work(path: Path, index: Path | None) -> None:
    """A worker: says what taking up its work took, then, asked, how much memory it has."""
    lon, lat = np.load(path.parent / "points.npy")
    started = time.process_time()
    with open_engine(sqlite_url(path)).connect() as connection:
        places = RegistrySource(index).current(connection).places
    times = [1 << 60] * 500
    for low in range(0, len(lon), 500):
        part = slice(low, low + 500)
        places.holding_columns(lon[part], lat[part], times, times)
    places.rows([((tuple((f"C{number}", 1) for number in range(TOGETHER)),),)])
    spent = time.process_time() - started
    sys.stdout.write(json.dumps({"cpu_s": round(spent, 2)}) + "\n")
    sys.stdout.flush()
    for _ in range(2):
        # Once to tell, once to go: the pages of who is gone would not count for the other.
        sys.stdin.readline()
        sys.stdout.write(json.dumps(_memory()) + "\n")
        sys.stdout.flush()


def _memory() -> dict[str, float]:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return {name.lower() + "_mb": round(kilobytes[name] / 1024, 1) for name in ("Rss", "Pss")}


def measure(path: Path, index: Path | None) -> list[dict[str, float]]:
    """Two workers, the second begun when the first is ready."""
    command = [sys.executable, "-m", "bench.geo_shared", "worker", str(path), str(index or "")]
    workers = []
    said: list[dict[str, float]] = []
    for _ in range(2):
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout is not None
        said.append(json.loads(worker.stdout.readline()))
        workers.append(worker)
    for worker, told in zip(workers, said, strict=True):
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
        told.update(json.loads(worker.stdout.readline()))
    for worker in workers:
        worker.communicate("\n")
    return said


def main() -> None:
    """Print a line of JSON for each way."""
    if sys.argv[1:2] == ["worker"]:
        work(Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3] else None)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = database(Path(scratch), int(sys.argv[1]) if len(sys.argv) > 1 else 6)
        for way, index in (("each its own", None), ("shared", Path(scratch) / "index")):
            sys.stdout.write(json.dumps({"way": way, "workers": measure(path, index)}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
