"""``tracewarden demo``: the embedded set with a small simulated world streamed through it."""

import asyncio
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from codes.qr import encode, terminal
from simulator.stream import paced
from stream_processors.bus.port import Publisher
from tracewarden.commands.refusals import refusals
from tracewarden.commands.up import log_to
from tracewarden.demo_world import DemoWorld, key_and_topic
from tracewarden.embedded_set import prepare, run_embedded
from tracewarden.installation import EmbeddedFolder
from tracewarden.settings import Settings


def demo(
    data: Annotated[Path, typer.Option("--data", help="Folder of the demo.")] = Path("data/demo"),
    port: Annotated[int | None, typer.Option("--port", help="0 takes a free one.")] = None,
    items: Annotated[int, typer.Option(help="How many items the world makes.")] = 600,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 1,
    seconds: Annotated[float, typer.Option(help="How long the world takes to stream.")] = 45.0,
) -> None:
    """Watch goods leave their territory: simulate a world, stream it, open the console."""
    console = Console(stderr=True)
    with refusals():
        folder, world = EmbeddedFolder(data), DemoWorld(data)
        settings = Settings()
        log_to(console, "warning")
        with console.status("simulating a brand, its dealers and half a year of scans"):
            world.make(seed=seed, items=items, keys=folder.keys)
        if settings.key_passphrase is None:
            secret = SecretStr(world.passphrase())
            settings = settings.model_copy(update={"key_passphrase": secret})
        engine = prepare(folder)
        world.load(engine)
        engine.dispose()
        run_embedded(
            data,
            settings.api_port if port is None else port,
            settings,
            ready=lambda address: _welcome(console, folder, world, address),
            beside=lambda publisher: _stream(console, world, publisher, seconds),
        )


def _welcome(console: Console, folder: EmbeddedFolder, world: DemoWorld, address: str) -> None:
    user, password = folder.login.read_text().split()
    code = world.code_to_scan(address)
    if code is not None:
        console.print(terminal(encode(code)), highlight=False)
        console.print(f"Scan it, or open  [link={code}]{code}[/link]\n", soft_wrap=True)
    login = f"Console   {address}/console/\nUser      {user}\nPassword  {password}"
    console.print(Panel(login, title="Tracewarden", expand=False))
    console.print("Ctrl-C ends; started again, it goes on where it was.")


async def _stream(
    console: Console, world: DemoWorld, publisher: Publisher, seconds: float
) -> None:
    """Publish the world's events at an even pace, once."""
    if world.streamed.exists():
        return
    lines = await asyncio.to_thread(world.lines)
    columns = (TextColumn("streaming half a year"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("events", total=len(lines))
        async for batch in paced(lines, len(lines), seconds):
            keyed = [(*key_and_topic(line), line) for line in batch]
            for topic, group in groupby(keyed, key=lambda row: row[1]):
                await publisher.publish(topic, [(key, line) for key, _, line in group])
            bar.advance(task, len(batch))
    world.streamed.touch()
    console.print("All of it has been judged a moment later; the console shows what was found.")
