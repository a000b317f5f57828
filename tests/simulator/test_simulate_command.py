import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tracewarden.commands.simulate import simulate

app = typer.Typer()
app.command()(simulate)


def test_it_writes_a_recording_and_says_what(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["--seed", "2", "--items", "20", "--out", str(tmp_path / "w"), "--passphrase", "x"]
    )
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    written = (tmp_path / "w" / "events.jsonl").read_bytes().count(b"\n")
    assert said["events"] == written
    assert "keys/master.sealed.json" in said["files"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--items", "0"],
        ["--items", "5", "--difficulty", "absurd"],
        ["--items", "5", "--start", "2026-07-01"],
    ],
)
def test_an_impossible_wish_ends_with_2_and_one_line(arguments: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--seed", "2", "--out", str(tmp_path / "w"), *arguments])
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr
