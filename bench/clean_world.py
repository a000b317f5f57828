"""A world in which nobody does wrong: how many cases a replay opens of it, and what it costs.

Every case is a false one. A million scans come of 610,000 items.
"""

import argparse
import json
import tempfile
from pathlib import Path

from bench.replay import replayed
from simulator.wish import Wish
from simulator.world import simulate_world


def judge(wish: Wish, folder: Path) -> None:
    """Simulate, replay and print; what was found stays in ``folder/found``."""
    world, out = folder / "world", folder / "found"
    if not world.exists():
        simulate_world(wish, world)
    cost = replayed(world, out)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    print(f"{summary['events']['scan']:,} scans of {cost.events:,} events, nothing wrong")
    print(f"alerts: {summary['alerts']}")
    print(f"cases: {summary['cases']}")
    print(f"{1e6 * cost.cpu_s / cost.events:.0f} µs an event, {cost.peak_mb:.0f} MB at most")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m bench.clean_world")
    arguments.add_argument("--items", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=9)
    arguments.add_argument("--folder", type=Path, help="keep the world and what was found here")
    given = arguments.parse_args()
    wish = Wish(given.seed, given.items, "clean")
    if given.folder is not None:
        judge(wish, given.folder)
        return
    with tempfile.TemporaryDirectory(prefix="tracewarden-clean-") as name:
        judge(wish, Path(name))


if __name__ == "__main__":
    main()
