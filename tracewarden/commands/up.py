"""``tracewarden up``: everything in one process, with the console."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler

from tracewarden.commands.refusals import refusals
from tracewarden.embedded_set import run_embedded
from tracewarden.installation import EmbeddedFolder
from tracewarden.settings import Settings


def up(
    data: Annotated[Path, typer.Option("--data", help="Folder that holds everything.")],
    port: Annotated[int | None, typer.Option("--port", help="0 takes a free one.")] = None,
) -> None:
    """Run the embedded set: API, processors, writer and console, until SIGTERM."""
    console = Console(stderr=True)
    with refusals():
        settings = Settings()
        log_to(console, settings.log_level)

        def ready(address: str) -> None:
            console.print(f"Console   {address}/console/  (login in {EmbeddedFolder(data).login})")
            console.print(f"API       {address}/docs")

        chosen = settings.api_port if port is None else port
        run_embedded(data, chosen, settings, ready=ready)


def log_to(console: Console, level: str) -> None:
    """Log to stderr."""
    logging.basicConfig(
        level=level.upper(),
        format="%(message)s",
        handlers=[RichHandler(console=console, show_path=False)],
        force=True,
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
