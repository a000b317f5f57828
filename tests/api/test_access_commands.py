import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from store.access import find_key, split_key
from store.accounts import password_holds
from tracewarden.cli import whole_app
from tracewarden.installation import open_database

app = whole_app()
runner = CliRunner()


def run(*arguments: str, code: int = 0) -> list[dict[str, object]]:
    """The command's lines."""
    result = runner.invoke(app, ["access", *arguments])
    assert result.exit_code == code, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_new_key_is_shown_once_and_has_its_scopes(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    (line,) = run("new", *data, "--name", "ERP", "--scope", "scans", "--scope", "read")
    assert list(line) == ["key"]
    parts = split_key(str(line["key"]))
    assert parts is not None
    engine = open_database(tmp_path)
    key = find_key(engine, parts[0])
    engine.dispose()
    assert key is not None
    assert key.opens_with(parts[1])
    assert key.scopes == {"scans", "read"}
    (listed,) = run("list", *data)
    assert (listed["scopes"], listed["revoked"]) == (["read", "scans"], False)
    run("revoke", *data, parts[0])
    assert run("list", *data)[0]["revoked"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("new", "--name", "ERP", "--scope", "everything"),
        ("new", "--name", "", "--scope", "scans"),
        ("new", "--name", "ERP", "--scope", "scans", "--expires", "2020-01-01"),
        ("revoke", "unknown"),
        ("user", "--name", ""),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    result = runner.invoke(app, ["access", *arguments, "--data", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_console_user_gets_a_password(tmp_path: Path) -> None:
    (line,) = run("user", "--data", str(tmp_path), "--name", "mei")
    engine = open_database(tmp_path)
    assert password_holds(engine, "mei", str(line["password"]))
    (again,) = run("user", "--data", str(tmp_path), "--name", "mei")
    assert not password_holds(engine, "mei", str(line["password"]))
    assert password_holds(engine, "mei", str(again["password"]))
    engine.dispose()
