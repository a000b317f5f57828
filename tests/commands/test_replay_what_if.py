"""``replay --authorisations F --diff``: just the alerts that a planned change adds and removes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.wish import Wish
from simulator.world import simulate_world
from tracewarden.cli import app_of

RUN = CliRunner()
APP = app_of(("replay",))
Alerts = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module", name="world")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "recording"
    simulate_world(Wish(seed=3, items=40), folder)
    return folder


def replayed(world: Path, out: Path, *more: str) -> tuple[Alerts, list[dict[str, Any]]]:
    """Alerts by rule and subject, and the lines of the difference."""
    done = RUN.invoke(APP, ["replay", str(world), "--out", str(out), *more])
    assert done.exit_code == 0, done.stderr
    alerts = [json.loads(line) for line in (out / "alerts.jsonl").read_text().splitlines()]
    diff = out / "diff.jsonl"
    lines = diff.read_text().splitlines() if diff.exists() else []
    return {(a["rule"], a["subject"]["id"]): a for a in alerts}, [json.loads(x) for x in lines]


def test_the_difference_is_that_of_both_replays(world: Path, tmp_path: Path) -> None:
    file = world / "registry" / "authorisations.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    elsewhere = sorted({t for row in rows for t in row["territory_ids"]})
    # Each dealer moves on to somebody else's place.
    for index, row in enumerate(rows):
        row["territory_ids"] = [elsewhere[(index * 7 + 3) % len(elsewhere)]]
    proposed = tmp_path / "proposed.json"
    proposed.write_text(json.dumps(rows))
    was, _ = replayed(world, tmp_path / "was")
    now, changes = replayed(world, tmp_path / "now", "--authorisations", str(proposed), "--diff")
    by_change: dict[str, set[tuple[str, str]]] = {"added": set(), "removed": set()}
    for change in changes:
        alert = change["alert"]
        by_change[change["change"]].add((alert["rule"], alert["subject"]["id"]))
    assert by_change["added"] >= now.keys() - was.keys()
    assert by_change["removed"] >= was.keys() - now.keys()
    assert not by_change["added"] & was.keys()
    assert not by_change["removed"] & now.keys()
    assert by_change["added"]
    assert "scan-outside-territory" in {rule for rule, _ in by_change["added"]}


def test_a_change_that_changes_nothing_has_no_difference(world: Path, tmp_path: Path) -> None:
    same = world / "registry" / "authorisations.jsonl"
    _, changes = replayed(world, tmp_path / "same", "--authorisations", str(same), "--diff")
    assert changes == []


def test_proposed_rows_that_are_none_are_refused(world: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('[{"authorisation_id": 3}]')
    words = ["replay", str(world), "--out", str(tmp_path / "o"), "--authorisations", str(bad)]
    done = RUN.invoke(APP, words)
    assert done.exit_code == 2
    assert "row-invalid" in done.stderr


@pytest.mark.parametrize(("member", "value"), [("dealer_id", "X"), ("territory_ids", ["X"])])
def test_proposed_rows_that_refer_to_nothing_are_refused(
    world: Path, tmp_path: Path, member: str, value: object
) -> None:
    file = world / "registry" / "authorisations.jsonl"
    row = json.loads(file.read_text().splitlines()[0])
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps([row | {member: value}]))
    words = ["replay", str(world), "--out", str(tmp_path / "o"), "--authorisations", str(bad)]
    done = RUN.invoke(APP, words)
    assert done.exit_code == 2
    assert f"registry-conflict ({member})" in done.stderr


def test_a_policy_under_which_nothing_is_certain_enough_removes_every_case(
    world: Path, tmp_path: Path
) -> None:
    proposed = tmp_path / "policy.json"
    strict = {"case_certainty": 0.9999999, "surfaced_items": 99, "leak_least_items": 9999}
    proposed.write_text(json.dumps(strict))
    replayed(world, tmp_path / "was")
    replayed(world, tmp_path / "now", "--policy", str(proposed), "--diff")
    was, now, changes = (
        [json.loads(line) for line in (tmp_path / path).read_text().splitlines()]
        for path in ("was/cases.jsonl", "now/cases.jsonl", "now/diff-cases.jsonl")
    )
    assert now == []
    assert was
    assert changes == [{"change": "removed", "case": case} for case in was]


def test_a_change_that_changes_nothing_changes_no_case(world: Path, tmp_path: Path) -> None:
    same = world / "registry" / "authorisations.jsonl"
    replayed(world, tmp_path / "same", "--authorisations", str(same), "--diff")
    assert (tmp_path / "same" / "diff-cases.jsonl").read_bytes() == b""


def test_an_index_of_territories_changes_no_byte(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed(world, tmp_path / "plain")
    monkeypatch.setenv("TRACEWARDEN_TERRITORY_INDEX", str(tmp_path / "index"))
    for name in ("built", "mapped"):
        replayed(world, tmp_path / name)
        for file in sorted((tmp_path / "plain").iterdir()):
            assert (tmp_path / name / file.name).read_bytes() == file.read_bytes()
    assert any((tmp_path / "index").iterdir())
