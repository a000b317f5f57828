"""What people can use stands in the docs, and what the docs point at is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from deploy.settings_table import variable
from registry.policy import Policy
from registry.policy_levels import Strengths, Weights
from rules.card import card
from rules.catalogue import rule_ids
from tracewarden.cli import whole_app
from tracewarden.settings import Settings

app = whole_app()
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")
]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:[a-z_]+/)+[a-z_0-9]*(?:\.[a-z]+)?)`")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(group: Any, before: str = "") -> Iterator[str]:
    """Every command of the command line by its whole name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        elif not command.hidden:
            yield f"{before}{name}"


COMMANDS = sorted(commands(get_command(app)))


def test_the_page_of_commands_lists_each_one_and_no_other() -> None:
    told = re.findall(r"^\| `([a-z -]+)` \|", page("commands.md"), re.MULTILINE)
    assert sorted(told) == COMMANDS


@pytest.mark.parametrize("rule", rule_ids())
def test_each_rule_stands_in_the_page_about_judging_as_grave_as_it_is(rule: str) -> None:
    assert f"| `{rule}` | {card(rule).severity} |" in page("judging.md")


def test_the_page_about_judging_lists_no_other_rules() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| (?:low|medium|high|critical) ", page("judging.md"), re.M)
    assert sorted(told) == sorted(rule_ids())


def test_each_threshold_of_the_policy_stands_in_the_page_about_judging() -> None:
    text = page("judging.md")
    named = [*Policy.__struct_fields__, *Strengths.__struct_fields__, *Weights.__struct_fields__]
    assert [name for name in named if f"`{name}`" not in text] == []


def test_each_setting_stands_in_the_operators_page() -> None:
    text = page("operator.md")
    missing = [name for name in Settings.model_fields if f"`{variable(name)}`" not in text]
    assert missing == []


def test_the_docs_name_no_variable_that_nothing_reads() -> None:
    known = {variable(name) for name in Settings.model_fields}
    named = {
        name
        for path in PAGES
        for name in re.findall(r"TRACEWARDEN_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    assert named - known == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_link_leads_to_a_file(path: Path) -> None:
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "docs/judging.md", "docs/custody.md"])
def test_each_file_and_folder_that_a_page_names_is_there(name: str) -> None:
    named = PATH.findall((ROOT / name).read_text(encoding="utf-8"))
    made = ("data/", "registry/policy.json", "registry/policies.jsonl")
    assert named
    assert [p for p in named if not p.startswith(made) and not (ROOT / p).exists()] == []


def test_each_page_is_linked_from_the_index() -> None:
    index = page("README.md")
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()


def test_each_decision_is_linked_from_its_index() -> None:
    index = page("adr/README.md")
    decisions = {path.name for path in DOCS.glob("adr/0*.md")}
    assert decisions
    assert {name for name in decisions if f"]({name})" not in index} == set()


def test_the_readme_maps_every_room() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {room for room in rooms if f"`{room}/`" not in text} == set()
