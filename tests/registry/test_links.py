"""Links that a brand configures: from a recording into a service, and out again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry import Registry
from registry.recording import RegistryError, read_registry
from store.engine import open_engine
from store.registry import load_rows, read_rows
from store.schema import metadata
from tests.rules.world import GTIN
from tracewarden.recorder import record

HEAD = {
    "format": "tracewarden-recording/1", "name": "links", "from": "2026-01-01T00:00:00Z",
    "to": "2026-02-01T00:00:00Z", "lateness_s": 3600,
}
RECIPES: dict[str, object] = {
    "link_id": "recipes", "gtins": [GTIN], "link_type": "gs1:recipeInfo",
    "href": "https://brand.example/zh/recipes?x=1", "title": "食谱", "hreflang": ["zh", "zh-CN"],
    "type": "text/html",
}
EVERYWHERE: dict[str, object] = {
    "link_id": "all", "gtins": "all", "link_type": "https://example.org/voc/repair",
    "href": "https://brand.example/repair", "title": "Repair",
}


def recording(folder: Path, *rows: dict[str, object]) -> Path:
    (folder / "registry").mkdir(parents=True)
    (folder / "recording.json").write_text(json.dumps(HEAD), encoding="utf-8")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "registry" / "links.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_links_are_loaded_once_and_recorded_as_they_came(tmp_path: Path) -> None:
    withdrawn = EVERYWHERE | {"withdrawn": True, "recorded_at": "2026-01-05T00:00:00Z"}
    head, rows = read_registry(recording(tmp_path / "in", RECIPES, EVERYWHERE, withdrawn))
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    for taken in (3, 0):
        with engine.begin() as connection:
            assert load_rows(connection, head.name, rows, now_us=0)["links"] == taken
    with engine.begin() as connection:
        _, stored = read_rows(connection)
    assert stored.links == rows.links
    now = datetime(2026, 2, 1, tzinfo=UTC)
    record(engine, tmp_path / "out", now=now)
    assert read_registry(tmp_path / "out")[1].links == rows.links
    before_us, after_us = 0, 2**61
    assert len(Registry(stored).links_of(GTIN, before_us)) == 2
    assert [link.link_id for link in Registry(stored).links_of(GTIN, after_us)] == ["recipes"]
    assert Registry(stored).links_of("09506000149301", after_us) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("href", "javascript:alert(1)"),
        ("href", "https://brand.example/a b"),
        ("link_type", "pip"),
        ("hreflang", ["chinese"]),
        ("type", "html"),
        ("title", ""),
        ("tittle", "x"),
    ],
)
def test_a_bad_link_is_named_by_line_and_field(
    tmp_path: Path, field: str, value: object
) -> None:
    folder = recording(tmp_path / "in", RECIPES, EVERYWHERE | {field: value})
    with pytest.raises(RegistryError) as refused:
        read_registry(folder)
    problem = refused.value.problems[0]
    assert (problem.file, problem.line) == ("links.jsonl", 2)
    assert field in problem.field + problem.detail
