"""How good detection is: worlds of the simulator, judged and compared with their truth.

Prints a table; with ``--write FILE`` it replaces the one between that file's two marks.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from registry.recording import read_registry
from simulator.levels import Difficulty
from simulator.wish import Wish
from simulator.world import simulate_world
from tracewarden.evaluation import Found, Score, evaluated, score_of
from tracewarden.outcome import write
from tracewarden.replay import replay

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COLUMNS = (
    "worlds", "scans", "detectable", "precision", "recall", "right dealer", "right destination",
    "false cases", "median delay", "within 12",
)  # fmt: skip
LEVELS: tuple[Difficulty, ...] = ("clean", "standard", "hard")


def judged(seed: int, items: int, difficulty: Difficulty) -> tuple[int, list[Found], list[Any]]:
    """Scans, incidents with their cases, and false cases of one world."""
    with tempfile.TemporaryDirectory(prefix="tracewarden-detection-") as name:
        world, out = Path(name) / "world", Path(name) / "out"
        simulate_world(Wish(seed, items, difficulty), world)
        head, rows = read_registry(world)
        write(replay(world, head, rows), out)
        return evaluated(world, out)


def row(name: str, scans: int, score: Score) -> str:
    """One line of the table."""
    columns = [
        name, f"{scans:,}", str(score.detectable), _percent(score.precision),
        _percent(score.recall), _percent(score.right_dealer), _percent(score.right_destination),
        str(score.false), "–" if score.median_delay is None else f"{score.median_delay:g}",
        _percent(score.within_12),
    ]  # fmt: skip
    return f"| {' | '.join(columns)} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def table(seeds: Iterable[int], items: int) -> str:
    """Worlds by difficulty, then their incidents by pattern."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    everything: list[Found] = []
    for level in LEVELS:
        scans, found, false = 0, [], []
        for seed in seeds:
            world = judged(seed, items, level)
            scans += world[0]
            found += world[1]
            false += world[2]
            print(f"{level} {seed}: {len(world[2])} false", file=sys.stderr, flush=True)
        lines.append(row(level, scans, score_of(found, false)))
        everything += found
    for pattern in sorted({one.incident["pattern"] for one in everything}):
        of_it = [one for one in everything if one.incident["pattern"] == pattern]
        lines.append(row(pattern, 0, score_of(of_it, [])).replace("| 0 |", "| |", 1))
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(prog="python -m bench.detection")
    arguments.add_argument("--seeds", type=int, default=3, help="worlds of each difficulty")
    arguments.add_argument("--first", type=int, default=101, help="the first seed")
    arguments.add_argument("--items", type=int, default=3000)
    arguments.add_argument("--write", type=Path, help="the page that shows the table")
    wish = arguments.parse_args()
    measured = table(range(wish.first, wish.first + wish.seeds), wish.items)
    print(measured)
    if wish.write is not None:
        page = wish.write.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        said = f"{wish.seeds} worlds of each difficulty, {wish.items:,} items each, "
        said += f"seeds from {wish.first} on:"
        wish.write.write_text(
            f"{before}{BEGIN}\n{said}\n\n{measured}\n{END}{after}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
