"""The command line as its user meets it: wrong words are one line and exit 2, bad rows exit 1."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.wish import Wish
from simulator.world import simulate_world


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tracewarden.cli", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "recording"
    simulate_world(Wish(seed=3, items=120), folder)
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("replay",),
        ("replay", "/nowhere", "--out", "/nowhere/out"),
        ("load", "/nowhere", "--data", "/nowhere/data"),
        ("codes", "verify", "--keys", "/nowhere.json"),
        ("access", "new", "--name", "x", "--scope", "everything", "--data", "DATA"),
        ("topics", "create"),
        ("worker",),
    ],
)
def test_a_command_that_cannot_run_says_so_in_one_line(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = run(*(str(tmp_path) if part == "DATA" else part for part in arguments))
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_standard_streams_that_are_closed_are_empty_and_no_file_gets_their_numbers(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    assert run("evidence", "init", "--log", str(log), "--name", "o.example").returncode == 0
    command = 'echo {} | "$0" -m tracewarden.cli evidence append --log "$1" >&- 2>&-'
    whole = subprocess.run(["sh", "-c", command, sys.executable, str(log)], check=False)
    nothing = command.removeprefix("echo {} | ").replace(">&- 2>&-", "<&-")
    empty = subprocess.run(
        ["sh", "-c", nothing, sys.executable, str(log)], capture_output=True, check=False
    )
    assert (whole.returncode, empty.returncode, empty.stdout, empty.stderr) == (0, 0, b"", b"")
    done = run("evidence", "checkpoint", "--log", str(log))
    assert done.stdout.splitlines()[1] == "1"


def test_a_wrong_option_is_named() -> None:
    done = run("codes", "labels", "a.csv", "--out", "l.pdf", "--first", "-1")
    assert done.returncode == 2
    assert "'--first'" in done.stderr


def test_a_bad_row_names_file_line_field_and_reason_and_nothing_is_imported(
    world: Path, tmp_path: Path
) -> None:
    bad = shutil.copytree(world, tmp_path / "bad")
    rows = (bad / "registry" / "dealers.jsonl").read_text().splitlines()
    row = json.loads(rows[1])
    rows[1] = json.dumps(row | {"gln": "12"})
    rows[2] = json.dumps(json.loads(rows[2]) | {"colour": "red"})
    (bad / "registry" / "dealers.jsonl").write_text("\n".join(rows))
    data = str(tmp_path / "data")
    done = run("load", str(bad), "--data", data)
    assert done.returncode == 1
    errors = [json.loads(line)["error"] for line in done.stdout.splitlines()]
    assert [(e["file"], e["line"]) for e in errors] == [("dealers.jsonl", 2), ("dealers.jsonl", 3)]
    assert errors[0]["field"] == "gln"
    assert "colour" in errors[1]["detail"]
    taken = json.loads(run("load", str(world), "--data", data).stdout)
    assert taken["dealers"] == len(rows)
    again = json.loads(run("load", str(world), "--data", data).stdout)
    assert set(again.values()) == {0}


def test_replay_gives_the_same_bytes_each_time(world: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run("replay", str(world), "--out", str(tmp_path / name)).returncode == 0
    for file in ("signals.jsonl", "alerts.jsonl", "cases.jsonl", "summary.json"):
        one, two = ((tmp_path / name / file).read_bytes() for name in ("one", "two"))
        assert one == two
    assert (tmp_path / "one" / "signals.jsonl").stat().st_size > 0


def test_what_if_tells_which_alerts_a_change_adds_and_removes(world: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "none.json"
    nothing.write_text("[]")
    out = tmp_path / "out"
    done = run("replay", str(world), "--out", str(out), "--authorisations", str(nothing), "--diff")
    assert done.returncode == 0, done.stderr
    changes = [json.loads(line) for line in (out / "diff.jsonl").read_text().splitlines()]
    assert {change["change"] for change in changes} == {"removed"}
    rules = {change["alert"]["rule"] for change in changes}
    assert "scan-outside-territory" in rules


def test_up_ends_cleanly_on_sigterm_and_goes_on_after_kill_9(tmp_path: Path) -> None:
    words = ["up", "--data", str(tmp_path), "--port", "0"]
    command = [sys.executable, "-m", "tracewarden.cli", *words]
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as up:
            assert up.stderr is not None
            lines = iter(up.stderr.readline, "")
            assert any("Console" in line for line in lines)
            second = run(*words)
            assert (second.returncode, len(second.stderr.splitlines())) == (2, 1)
            up.send_signal(number)
            up.stderr.read()
            assert up.wait(timeout=30) == (-9 if number == signal.SIGKILL else 0)
