"""``tracewarden load``: a recording's registry into a service, all of it or nothing."""

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.recording import RegistryError, read_registry
from store.registry import load_rows
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database


def load(
    recording: Annotated[Path, typer.Argument(help="Folder of the recording.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of the embedded set.")
    ] = None,
) -> None:
    """Import a recording's registry; prints the rows taken, by kind."""
    with refusals():
        try:
            head, rows = read_registry(recording)
        except RegistryError as error:
            _refuse(error)
        engine = open_database(data)
        with engine.begin() as connection:
            taken = load_rows(connection, head.name, rows, now_us=time.time_ns() // 1000)
        engine.dispose()
    typer.echo(msgspec.json.encode(taken).decode())


def _refuse(error: RegistryError) -> None:
    """A missing recording is a command that cannot run; bad rows are named one a line."""
    if error.problems[0].line == 0 and error.problems[0].file == "recording.json":
        raise error
    for problem in error.problems:
        line = {"ok": False, "error": problem.as_dict()}
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    raise typer.Exit(1)
