"""What ``tracewarden replay`` costs an event, and its memory, on a small recording and a large one.

Each is judged in a process of its own; the cost of starting it is measured on a world of few items
and taken off.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from simulator.wish import Wish
from simulator.world import simulate_world

SEED = 3
FEWEST = 20


class Cost(NamedTuple):
    """One replay: events read, processor seconds, the most memory it held."""

    events: int
    cpu_s: float
    peak_mb: float


def measured(items: int) -> Cost:
    """Replay a standard world of so many items."""
    with tempfile.TemporaryDirectory(prefix="tracewarden-replay-") as name:
        world = Path(name) / "world"
        simulate_world(Wish(SEED, items, "standard"), world)
        return replayed(world, Path(name) / "out")


def replayed(world: Path, out: Path) -> Cost:
    """Replay a recording in a process of its own."""
    with (world / "events.jsonl").open("rb") as lines:
        events = sum(1 for _ in lines)
    command = [str(Path(sys.executable).with_name("tracewarden")), "replay", str(world)]
    process = subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"replay ended with {process.returncode}")
    return Cost(events, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m bench.replay")
    arguments.add_argument("--small", type=int, default=5000, help="items of the small world")
    arguments.add_argument("--large", type=int, default=20000, help="items of the large world")
    wish = arguments.parse_args()
    start = measured(FEWEST)
    costs = [measured(items) for items in (wish.small, wish.large)]
    each_us = [1e6 * (cost.cpu_s - start.cpu_s) / (cost.events - start.events) for cost in costs]
    for cost, us in zip(costs, each_us, strict=True):
        print(f"{cost.events:>9,} events: {us:6.0f} µs an event, {cost.peak_mb:5.0f} MB at most")
    print(f"an event of the large one costs {each_us[1] / each_us[0]:.2f} times as much")
    print(f"to start: {start.cpu_s:.1f} s, {start.peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
