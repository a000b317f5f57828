"""The two sets as separate processes: embedded, and Kafka + Faust + Redis + PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, text

from registry.recording import read_registry
from store.alert_views import alerts_changed_after, effective_signals
from store.cases_as_published import published_cases
from store.engine import open_engine, sqlite_url
from store.transactions import reading
from tracewarden.outcome import write
from tracewarden.recorder import record
from tracewarden.replay import replay

PASSPHRASE = "only for tests"
READY_S = 60.0
GATHER_AFTER_S = "1"
OUTPUTS = ("signals.jsonl", "alerts.jsonl", "cases.jsonl")


class Process:
    """A ``tracewarden`` command of its own, whose output goes to a file."""

    def __init__(self, folder: Path, name: str, arguments: list[str], env: dict[str, str]) -> None:
        self._log = folder / f"{name}.log"
        self._arguments = [sys.executable, "-m", "tracewarden.cli", *arguments]
        self._env = {**os.environ, **env}
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again."""
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                self._arguments, env=self._env, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """kill -9: no chance to clean up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an operator stops it; killed if it does not end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._child is None:
            return
        self._child.send_signal(number)
        try:
            self._child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def keep_alive(self) -> None:
        """What a supervisor does: a process that ended by itself is started again."""
        if self._child is not None and self._child.poll() is not None:
            self.start()

    def tail(self) -> str:
        """The end of its output."""
        return self._log.read_text(errors="replace")[-4000:] if self._log.exists() else ""


def run_command(arguments: list[str], env: dict[str, str]) -> str:
    """A ``tracewarden`` command's output; it must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "tracewarden.cli", *arguments],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def post(address: str, path: str, key: str, events: list[dict[str, Any]]) -> int:
    """Post a batch; returns the number accepted."""
    request = urllib.request.Request(
        address + path,
        data=json.dumps(events).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 202
            return int(json.load(answer)["accepted"])
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{error.code}: {error.read().decode()}") from None


def wait_until(what: str, holds: Callable[[], bool], *, limit_s: float) -> None:
    """Wait; the test fails where it does not come true in time."""
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"not in {limit_s:.0f} s: {what}"
        time.sleep(0.25)


def is_healthy(address: str) -> bool:
    """Whether the API can take work."""
    try:
        with urllib.request.urlopen(address + "/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stored_events(engine: Engine) -> int:
    """How many events are stored, ticks apart."""
    with reading(engine) as connection:
        count = connection.execute(text("SELECT count(*) FROM events WHERE kind <> 'tick'"))
        return int(count.scalar_one())


def held_signals(engine: Engine) -> list[dict[str, Any]]:
    """Effective signals as the writer stored them, in the order of ``signals.jsonl``."""
    bodies = [row.body for row in effective_signals(engine, -1, 1_000_000)]
    return sorted(bodies, key=lambda body: (body["occurred_at"], body["signal_id"]))


def held_alerts(engine: Engine) -> list[dict[str, Any]]:
    """Alerts that hold, in the order of ``alerts.jsonl``."""
    rows = [row.body for row in alerts_changed_after(engine, 0, 1_000_000) if row.holds]
    return sorted(rows, key=lambda body: (body["first_at"], body["alert_id"]))


def held_cases(engine: Engine) -> list[dict[str, Any]]:
    """Cases that hold, in the order of ``cases.jsonl``."""
    with reading(engine) as connection:
        return published_cases(connection)


Meanwhile = Callable[[], None]


class Expected(NamedTuple):
    """What replay finds in what ``record`` exports."""

    signals: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    cases: list[dict[str, Any]]


def expected(engine: Engine, out: Path) -> Expected:
    """Record, and replay that."""
    record(engine, out, now=datetime.now(UTC))
    head, rows = read_registry(out)
    write(replay(out, head, rows), out / "judged")
    return Expected(*(_lines(out / "judged" / name) for name in OUTPUTS))


def settles(engine: Engine, found: Expected, *, limit_s: float, meanwhile: Meanwhile) -> None:
    """Wait until what holds is what replay finds; ``meanwhile`` is called at every look."""

    def is_settled() -> bool:
        meanwhile()
        return held_signals(engine) == found.signals and held_cases(engine) == found.cases

    wait_until("signals and cases settle", is_settled, limit_s=limit_s)
    assert held_alerts(engine) == found.alerts


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def embedded_database(folder: Path) -> Engine:
    """The database of an embedded set."""
    return open_engine(sqlite_url(folder / "tracewarden.sqlite"))
