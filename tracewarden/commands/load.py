"""``tracewarden load``: a recording's registry into a service, all of it or nothing."""

import sys
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from registry.entering import entered
from registry.recording import RegistryError, Repair, read_registry
from registry.restraints import BUILT_IN, read_restraints
from store.registry import load_rows, read_rows
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database
from tracewarden.settings import Settings


def load(
    recording: Annotated[Path, typer.Argument(help="Folder of the recording.")],
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of the embedded set.")
    ] = None,
) -> None:
    """Import a recording's registry; prints the rows taken, by kind, and what to look at."""
    with refusals():
        settings = Settings()
        table = read_restraints(settings.restraints or BUILT_IN)
        repairs: list[Repair] = []
        try:
            head, rows = read_registry(
                recording, max_change=settings.repair_max_change, on_repair=repairs.append
            )
        except RegistryError as error:
            _refuse(error)
        engine = open_database(data, settings)
        with engine.begin() as connection:
            _, before = read_rows(connection)
            taken = load_rows(connection, head.name, rows, now_us=time.time_ns() // 1000)
            _, after = read_rows(connection)
        engine.dispose()
        found = entered(before, after, table, min_share=settings.overlap_min_share)
    warnings = [*(repair.as_dict() for repair in repairs), *found.as_dicts()]
    # Scripts add the numbers up: where there is nothing to look at there is no such member.
    said = {**taken, "warnings": warnings} if warnings else taken
    typer.echo(msgspec.json.encode(said).decode())


def _refuse(error: RegistryError) -> None:
    """A missing recording is a command that cannot run; bad rows are named one a line."""
    if error.problems[0].line == 0 and error.problems[0].file == "recording.json":
        raise error
    for problem in error.problems:
        line = {"ok": False, "error": problem.as_dict()}
        sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    raise typer.Exit(1)
