"""``tracewarden demo``: the embedded set with a small simulated world streamed through it."""

import asyncio
import time
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from codes.qr import encode
from codes.qr_images import terminal
from simulator.stream import paced
from stream_processors.bus.port import Publisher
from tracewarden.commands.refusals import refusals
from tracewarden.commands.up import log_to
from tracewarden.demo_findings import gravest_case
from tracewarden.demo_world import DemoWorld, key_and_topic
from tracewarden.embedded_set import prepare, run_embedded
from tracewarden.installation import EmbeddedFolder
from tracewarden.service import registry_reader
from tracewarden.settings import Settings

HOLD_BACK_S = 2.0
"""The demo's world lies in the past: its events come in order."""
LOOKS_FOR_S = 60.0


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
        if "gather_after_s" not in settings.model_fields_set:
            settings = settings.model_copy(update={"gather_after_s": HOLD_BACK_S})
        engine = prepare(folder)
        world.load(engine)
        addresses: list[str] = []

        def ready(address: str) -> None:
            addresses.append(address)
            _welcome(console, folder, world, address)

        async def beside(publisher: Publisher) -> None:
            await _stream(console, world, publisher, seconds)
            await _tell(console, engine, data, addresses[0])

        try:
            run_embedded(
                data,
                settings.api_port if port is None else port,
                settings,
                ready=ready,
                beside=beside,
            )
        finally:
            engine.dispose()


def _welcome(console: Console, folder: EmbeddedFolder, world: DemoWorld, address: str) -> None:
    user, password = folder.login.read_text().split()
    code = world.code_to_scan(address)
    if code is not None:
        console.print(terminal(encode(code)), highlight=False)
        console.print(f"Scan it, or open  [link={code}]{code}[/link]\n", soft_wrap=True)
    login = f"Console   {address}/console/\nUser      {user}\nPassword  {password}"
    console.print(Panel(login, title="Tracewarden", expand=False))
    console.print("Ctrl-C ends; started again, it goes on where it was.")


async def _tell(console: Console, engine: Engine, data: Path, address: str) -> None:
    """Say what was found, and how to hand it to a stranger."""
    registry, now_us = registry_reader(engine)(), time.time_ns() // 1000
    found = await gravest_case(engine, registry, now_us, limit_s=LOOKS_FOR_S)
    if found is None:
        return
    url = f"{address}/console/cases/{found.case_id}"
    console.print(f"\n[bold]{escape(found.title)}[/bold]", highlight=False)
    console.print(escape(found.story), highlight=False)
    console.print(f"[link={url}]{url}[/link]", soft_wrap=True, highlight=False)
    console.print(f"and {found.others} more cases. Take the evidence out, and check it offline:")
    bundle = f".venv/bin/tracewarden evidence bundle --data {data} --case {found.case_id}"
    for line in (
        f"echo '{found.log_key}' > keys.txt",
        f"{bundle} --out case.zip",
        ".venv/bin/python -m verifier case.zip --trust keys.txt",
    ):
        console.print(f"  {line}", soft_wrap=True, highlight=False)


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
