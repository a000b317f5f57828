"""``tracewarden policy`` and ``replay --policy``: thresholds that take effect from a time."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from simulator.wish import Wish
from simulator.world import simulate_world
from store.engine import open_engine, sqlite_url
from store.evidence_log import EvidenceLog
from store.transactions import reading
from tracewarden.cli import app_of

RUN = CliRunner()
APP = app_of(("policy", "replay"))
STRICT = {"version": 2, "price_tolerance": 0.5, "tier_3_days": 5}


def run(*words: str, code: int = 0) -> list[dict[str, Any]]:
    done = RUN.invoke(APP, list(words))
    assert done.exit_code == code, done.output
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def entries(data: Path) -> list[dict[str, Any]]:
    engine = open_engine(sqlite_url(data / "tracewarden.sqlite"))
    log = EvidenceLog()
    with reading(engine) as connection:
        rows = list(log.iterate(connection, 0, log.head(connection).size))
    engine.dispose()
    bodies = [json.loads(row.data)["body"] for row in rows]
    return [body for body in bodies if body["kind"] == "policy" and "by" in body]


@pytest.fixture(name="proposed")
def _proposed(tmp_path: Path) -> Path:
    file = tmp_path / "proposed.json"
    file.write_text(json.dumps(STRICT))
    return file


def test_a_policy_is_proposed_and_enacted_and_each_is_an_entry(
    tmp_path: Path, proposed: Path
) -> None:
    data = tmp_path / "data"
    at = ("--data", str(data))
    [said] = run("policy", "propose", str(proposed), *at, "--by", "mei", "--why", "the fair")
    assert [one["version"] for one in run("policy", "history", *at)] == [1]
    number = str(said["proposal"])
    begin = "2031-01-01T00:00:00Z"
    run("policy", "enact", "--proposal", number, *at, "--by", "lin")
    run("policy", "enact", "--proposal", number, *at, code=2)
    assert [one["version"] for one in run("policy", "history", *at)] == [1, 2]
    assert run("policy", "show", *at)[0]["tier_3_days"] == 5
    third = tmp_path / "third.json"
    third.write_text(json.dumps({"policy": {"version": 3}, "valid_from": begin}))
    run("policy", "enact", str(third), *at, "--by", "lin")
    assert run("policy", "show", *at)[0]["version"] == 2
    assert run("policy", "show", *at, "--at", begin)[0]["version"] == 3
    logged = [(one["what"], one["by"]) for one in entries(data)]
    assert logged == [("proposed", "mei"), ("enacted", "lin"), ("enacted", "lin")]
    assert entries(data)[2]["from"].startswith("2031-01-01T00:00:00")
    assert "fair" not in json.dumps(entries(data))


def test_a_number_is_never_given_twice(tmp_path: Path, proposed: Path) -> None:
    at = ("--data", str(tmp_path / "data"))
    run("policy", "enact", str(proposed), *at)
    proposed.write_text(json.dumps({**STRICT, "tier_3_days": 6}))
    done = RUN.invoke(APP, ["policy", "enact", str(proposed), *at])
    assert (done.exit_code, "version 2 is there already" in done.stderr) == (2, True)
    assert run("policy", "show", *at)[0]["tier_3_days"] == 5


@pytest.mark.parametrize(
    "wrong", ['{"tier_3_days": 0}', '{"policy": {"lull": 1}}', '{"policy": {}, "at": 3}', "x"]
)
def test_what_is_no_policy_is_refused(tmp_path: Path, proposed: Path, wrong: str) -> None:
    proposed.write_text(wrong)
    done = RUN.invoke(APP, ["policy", "enact", str(proposed), "--data", str(tmp_path / "data")])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


def test_a_replay_tells_what_a_policy_would_have_changed_from_its_time_on(
    tmp_path: Path, proposed: Path
) -> None:
    world, out = tmp_path / "world", tmp_path / "out"
    simulate_world(Wish(seed=3, items=300), world)

    def prices(name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()]
        return [one for one in lines if one.get("alert", one)["rule"] == "price-below-floor"]

    run("replay", str(world), "--out", str(out))
    seen = prices("signals")
    middle = sorted(one["occurred_at"] for one in seen)[len(seen) // 2]
    for begin, left in ((None, 0), (middle, len(seen) // 2)):
        proposed.write_text(json.dumps({"policy": STRICT, "valid_from": begin}))
        run("replay", str(world), "--out", str(out), "--policy", str(proposed), "--diff")
        assert 0 <= len(prices("signals")) - left <= 1
        assert len(prices("diff")) == (1 if begin is None else 0)
    cases = [json.loads(line) for line in (out / "cases.jsonl").read_text().splitlines()]
    assert {(case["policy"]["version"], case["opened_at"] >= middle) for case in cases} == {
        (1, False), (2, True)
    }  # fmt: skip
