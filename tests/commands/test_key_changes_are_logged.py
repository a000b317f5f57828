"""What is done to the keys of codes stands in the service's log, and only where it was done."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codes.jwks import load_jwks
from store.evidence_log import EvidenceLog
from store.transactions import reading
from tracewarden.commands.keys import app
from tracewarden.installation import open_database

runner = CliRunner()


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEWARDEN_KEY_PASSPHRASE", "only for tests")


def logged(data: Path) -> list[dict[str, str]]:
    engine = open_database(data)
    log = EvidenceLog()
    with reading(engine) as connection:
        rows = log.rows(connection, 0, log.head(connection).size)
    engine.dispose()
    return [json.loads(row.data)["body"] for row in rows]


def test_new_retired_and_revoked_keys_are_logged(tmp_path: Path) -> None:
    where = ["--keys", str(tmp_path / "keys"), "--data", str(tmp_path / "data")]
    at = ["--id", "K1", "--at", "2026-01-02T03:04:05+08:00"]
    for command in (["new"], ["retire", *at], ["revoke", *at]):
        assert runner.invoke(app, [*command, *where]).exit_code == 0
    key = load_jwks((tmp_path / "keys" / "jwks.json").read_bytes())["K1"]
    found = logged(tmp_path / "data")
    assert [one["change"] for one in found] == ["new", "retired", "revoked"]
    assert {one["public_key"] for one in found} == {key.raw.hex()}
    assert [one["kind"] for one in found] == ["key-rotation"] * 3
    assert found[1]["effective_at"].startswith("2026-01-01T19:04:05")


def test_what_was_not_done_is_not_logged(tmp_path: Path) -> None:
    where = ["--keys", str(tmp_path / "keys"), "--data", str(tmp_path / "data")]
    assert runner.invoke(app, ["new", "--id", "K1", *where]).exit_code == 0
    assert runner.invoke(app, ["new", "--id", "K1", *where]).exit_code == 2
    assert runner.invoke(app, ["revoke", "--id", "K9", *where]).exit_code == 2
    assert len(logged(tmp_path / "data")) == 1


def test_a_ring_without_a_service_is_not_logged_anywhere(tmp_path: Path) -> None:
    assert runner.invoke(app, ["new", "--keys", str(tmp_path / "keys")]).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"keys"}
