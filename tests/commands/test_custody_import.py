"""``tracewarden custody import``: a table's events are on the bus, or its bad rows are named."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from events.wire import decode_record
from stream_processors.bus.queue import QueueFile
from stream_processors.topics import ITEM_EVENTS
from tracewarden.commands.custody import app

ITEM = "https://id.gs1.org/01/09506000134352/21/A1"
GOOD = f"2026-03-02 18:00+08:00,收货,{ITEM}"


def run(*arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def on_the_bus(data: Path) -> int:
    queue = QueueFile(data / "queue.sqlite")
    records = queue.read(ITEM_EVENTS, -1, 100)
    queue.close()
    return sum(len(decode_record(record.value)) for record in records)


def table(folder: Path, *rows: str) -> Path:
    path = folder / "events.csv"
    path.write_text("\n".join(["时间,业务,编码", *rows]), encoding="utf-8")
    return path


def test_a_good_table_is_imported_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    code, said, _ = run("import", table(tmp_path, GOOD), "--data", data)
    assert (code, said) == (0, [{"rows": 1, "events": 1, "bad_rows": 0}])
    assert on_the_bus(data) == 1
    bad = table(tmp_path, GOOD, f"2026-03-03 18:00,收货,{ITEM}", "x,y,z")
    code, said, _ = run("import", bad, "--data", data)
    assert code == 1
    assert [error["error"]["row"] for error in said[:-1]] == ["3", "4"]
    assert said[-1] == {"rows": 3, "events": 0, "bad_rows": 2}
    assert on_the_bus(data) == 1
    code, said, _ = run("import", bad, "--data", data, "--proceed", "--zone", "+08:00")
    assert (code, said[-1]) == (1, {"rows": 3, "events": 2, "bad_rows": 1})
    assert on_the_bus(data) == 3


@pytest.mark.parametrize("name", ["template.xlsx", "template.csv"])
def test_a_template_can_be_imported(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert run("template", "--out", path)[0] == 0
    data = ("--data", tmp_path / "data")
    code, said, _ = run("import", path, *data, "--zone", "Asia/Shanghai", "--map", "备注=-")
    assert (code, said[-1]["events"]) == (0, 1)
    assert run("template", "--out", path)[0] == 2


@pytest.mark.parametrize("more", [["--zone", "Mars"], ["--map", "nothing"], ["--map", "a=colour"]])
def test_a_command_that_cannot_run_ends_with_2(tmp_path: Path, more: list[str]) -> None:
    path = table(tmp_path, GOOD)
    code, said, told = run("import", path, "--data", tmp_path / "data", *more)
    assert (code, said, len(told.splitlines())) == (2, [], 1)
    assert run("import", tmp_path / "none.csv", "--data", tmp_path / "data")[0] == 2
