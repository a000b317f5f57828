"""``tracewarden record``: export what a service holds."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database
from tracewarden.recorder import record as write_recording


def record(
    out: Annotated[Path, typer.Option("--out", help="Folder of the recording.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of the embedded set.")
    ] = None,
) -> None:
    """Export registry and stored events as a recording, which `replay` can judge."""
    with refusals():
        engine = open_database(data)
        counts = write_recording(engine, out, now=datetime.now(UTC))
        engine.dispose()
    typer.echo(msgspec.json.encode(counts).decode())
