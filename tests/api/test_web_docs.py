"""The pages of documentation name what there is."""

import re
from pathlib import Path

import httpx
import pytest
from typer.main import get_group

from api.consumer.verdict import LEVELS
from api.problems import TITLES
from store.access import SCOPES
from tracewarden.commands.access import app

ROOT = Path(__file__).parents[2]
PAGES = ("partner", "consumer", "console")
DOCS = {name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in PAGES}

CODES = {
    "/01/{rest}": "/01/{gtin}/21/{serial}",
    "/00/{rest}": "/00/{sscc}",
    "/8006/{rest}": "/8006/{itip}",
    "/8003/{rest}": "/8003/{grai}",
    "/8004/{rest}": "/8004/{giai}",
}
"""Codes by the rest of their path, as the pages write them."""


async def test_every_endpoint_is_documented(client: httpx.AsyncClient) -> None:
    text = "\n".join(DOCS.values())
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path in paths:
        shown = CODES.get(path, path)
        assert shown.removesuffix("/{receipt}") in text, path


@pytest.mark.parametrize("type_", TITLES)
def test_every_problem_is_documented_with_its_status(type_: str) -> None:
    assert re.search(rf"^\| `{type_}` \| \d{{3}}", DOCS["partner"], re.MULTILINE)


def test_every_problem_that_the_code_gives_has_a_title() -> None:
    sources = [*(ROOT / "api").rglob("*.py"), ROOT / "events" / "strict.py"]
    given: set[str] = set()
    for source in sources:
        text = source.read_text()
        given |= set(re.findall(r"Problem\(\s*\d{3},\s*\"([a-z-]+)\"", text))
        given |= set(re.findall(r"\btype(?:: str)? ?= ?\"([a-z-]+)\"", text))
    assert given
    assert given <= set(TITLES)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_documented(scope: str) -> None:
    assert f"| `{scope}` |" in DOCS["partner"]


@pytest.mark.parametrize("verdict", LEVELS)
def test_every_verdict_is_documented_with_its_level(verdict: str) -> None:
    rows = [row for row in DOCS["consumer"].splitlines() if row.startswith(f"| `{verdict}` |")]
    assert len(rows) == 1
    assert rows[0].endswith(f"| `{LEVELS[verdict]}` |")  # type: ignore[index]


@pytest.mark.parametrize("name", DOCS)
def test_every_picture_and_command_of_the_pages_exists(name: str) -> None:
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", DOCS[name]):
        assert (ROOT / "docs" / picture).is_file()
    known = set(get_group(app).commands)
    for command in re.findall(r"tracewarden access (\w+)", DOCS[name]):
        assert command in known
