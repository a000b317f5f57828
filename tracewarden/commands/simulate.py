"""``tracewarden simulate``: a world with known truth, as a recording."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from events.errors import TracewardenError
from simulator.levels import LEVELS
from simulator.wish import END, START, Wish
from simulator.world import simulate_world

DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed and wishes give the same bytes.")],
    items: Annotated[int, typer.Option(help="How many items are made.")],
    out: Annotated[Path, typer.Option(help="A folder without a recording in it.")],
    difficulty: Annotated[str, typer.Option(help="clean, standard or hard.")] = "standard",
    start: Annotated[
        datetime, typer.Option(formats=DAYS, help="When the world begins, in UTC.")
    ] = START.replace(tzinfo=None),
    end: Annotated[
        datetime, typer.Option(formats=DAYS, help="When it ends, in UTC.")
    ] = END.replace(tzinfo=None),
    passphrase: Annotated[
        str | None,
        typer.Option(
            envvar="TRACEWARDEN_KEY_PASSPHRASE",
            show_envvar=True,
            help="Seals the private keys; without it only the public ones are written.",
        ),
    ] = None,
) -> None:
    """Make a world with known truth and write it as a recording, with truth.json and keys/."""
    try:
        if difficulty not in LEVELS:
            raise TracewardenError(f"a difficulty is one of {', '.join(LEVELS)}")
        wish = Wish(
            seed,
            items,
            difficulty,
            start.replace(tzinfo=UTC),
            end.replace(tzinfo=UTC),
        )
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("simulating", total=None)
            summary = simulate_world(
                wish,
                out,
                passphrase=passphrase or None,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except (TracewardenError, OSError) as error:
        print(f"tracewarden simulate: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
