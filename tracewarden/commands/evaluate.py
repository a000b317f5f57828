"""``tracewarden evaluate``: cases that replay wrote, against the truth of a simulated world."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tracewarden.commands.refusals import refusals
from tracewarden.evaluation import evaluate as run


def evaluate(
    recording: Annotated[Path, typer.Argument(help="Folder of a recording with truth.json.")],
    out: Annotated[Path, typer.Argument(help="Where replay wrote its results.")],
) -> None:
    """Compare cases with the truth: precision, recall, dealer, destination, delay, false cases."""
    with refusals():
        scores = run(recording, out)
        typer.echo(msgspec.json.encode(scores).decode())
