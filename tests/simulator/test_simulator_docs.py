import re
from pathlib import Path

import typer
from typer.main import get_command

from simulator.levels import LEVELS
from tests.simulator.worlds import World
from tracewarden.commands.simulate import simulate

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()


def test_every_option_stands_in_the_docs() -> None:
    app = typer.Typer(add_completion=False)
    app.command()(simulate)
    options = {name for p in get_command(app).params for name in p.opts}
    assert {"--seed", "--items", "--out"} <= options
    assert {name for name in options if f"`{name}`" not in PAGE} == set()


def test_every_level_and_pattern_stands_in_the_docs(standard: World, hard: World) -> None:
    patterns = {i["pattern"] for world in (standard, hard) for i in world.truth["incidents"]}
    assert {word for word in {*LEVELS, *patterns} if f"`{word}`" not in PAGE} == set()


def test_every_oddity_stands_in_the_docs(clean: World, hard: World) -> None:
    patterns = {i["pattern"] for world in (clean, hard) for i in world.truth["innocents"]}
    assert {pattern for pattern in patterns if f"`{pattern}`" not in PAGE} == set()


def test_every_pattern_of_the_docs_is_made(hard: World) -> None:
    told = set(
        re.findall(r"`([a-z]+-?[a-z]*)`", PAGE.split("What is wrong in it")[1].split("## ")[0])
    )
    made = {i["pattern"] for i in hard.truth["incidents"]}
    kinds = {i["kind"] for i in hard.truth["incidents"]}
    assert told - made - kinds - {"pattern", "kind", "expects", "alert"} == set()
