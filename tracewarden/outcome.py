"""What a replay found: lines in order, how they are written, and what a change adds or removes."""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from cases.alerts import Alert
from cases.alerts import as_json as alert_json
from rules.signal import Signal
from rules.signal import as_json as signal_json
from tracewarden.ordered_spool import OrderedSpool, Placed


class Lines:
    """Lines of one kind on disk, in order of their time, then id."""

    def __init__(self) -> None:
        self._spool = OrderedSpool()

    def put_signals(self, signals: Iterable[Signal]) -> None:
        """Keep signals, each as a line."""
        self._spool.put(Placed(*one.order, "", line_of(signal_json(one))) for one in signals)

    def put_alerts(self, alerts: Iterable[Alert]) -> None:
        """Keep alerts, each as a line."""
        self._spool.put(Placed(*one.order, "", line_of(alert_json(one))) for one in alerts)

    def placed(self) -> Iterator[Placed]:
        """The lines with their place in the order."""
        return iter(self._spool)

    def __iter__(self) -> Iterator[bytes]:
        return (row.body for row in self._spool)


@dataclass
class Outcome:
    """What replay found: lines to write, sorted by time, then id, and what was counted."""

    signals: Lines = field(default_factory=Lines)
    alerts: Lines = field(default_factory=Lines)
    summary: dict[str, Any] = field(default_factory=dict)
    gathered_signals: Lines = field(default_factory=Lines)
    """Signals over many subjects, which the second stage gives; ``alerts`` have theirs."""
    gathered_alerts: Lines = field(default_factory=Lines)
    cases: list[bytes] = field(default_factory=list)


def line_of(form: dict[str, Any]) -> bytes:
    """A line of JSON."""
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write(outcome: Outcome, out: Path) -> None:
    """Write ``signals.jsonl alerts.jsonl cases.jsonl summary.json``."""
    out.mkdir(parents=True, exist_ok=True)
    for name, first, second in (
        ("signals", outcome.signals, outcome.gathered_signals),
        ("alerts", outcome.alerts, outcome.gathered_alerts),
    ):
        with (out / f"{name}.jsonl").open("wb") as file:
            file.writelines(row.body for row in heapq.merge(first.placed(), second.placed()))
    (out / "cases.jsonl").write_bytes(b"".join(outcome.cases))
    summary = json.dumps(outcome.summary, ensure_ascii=False, indent=2, sort_keys=True)
    (out / "summary.json").write_text(summary + "\n", encoding="utf-8")


def difference(before: Outcome, after: Outcome) -> list[bytes]:
    """``diff.jsonl``: alerts that a change would add and remove, by rule and subject."""
    was = _by_subject(chain(before.alerts, before.gathered_alerts))
    now = _by_subject(chain(after.alerts, after.gathered_alerts))
    changes = [("removed", json.loads(was[key])) for key in was.keys() - now.keys()]
    changes += [("added", json.loads(now[key])) for key in now.keys() - was.keys()]
    changes.sort(key=lambda change: (change[1]["first_at"], change[1]["alert_id"], change[0]))
    return [line_of({"change": change, "alert": alert}) for change, alert in changes]


def difference_of_cases(before: Outcome, after: Outcome) -> list[bytes]:
    """``diff-cases.jsonl``: cases that a change would add and remove. One that is opened sooner or
    later, about the same subject, dealer and territory, is the same."""
    was, now = _by_what_they_are_about(before.cases), _by_what_they_are_about(after.cases)
    changes = [
        (change, case)
        for key in was.keys() | now.keys()
        for change, more, fewer in (
            ("removed", was.get(key, []), now.get(key, [])),
            ("added", now.get(key, []), was.get(key, [])),
        )
        for case in more[len(fewer) :]
    ]
    changes.sort(key=lambda change: (change[1]["opened_at"], change[1]["case_id"], change[0]))
    return [line_of({"change": change, "case": case}) for change, case in changes]


def _by_what_they_are_about(lines: Iterable[bytes]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for case in (json.loads(line) for line in lines):
        who_and_where = (case.get("dealer_id", ""), case.get("territory_id", ""))
        key = (case["kind"], case["subject"]["type"], case["subject"]["id"], *who_and_where)
        found.setdefault(key, []).append(case)
    return found


def _by_subject(lines: Iterable[bytes]) -> dict[tuple[str, str, str], bytes]:
    found: dict[tuple[str, str, str], bytes] = {}
    for line in lines:
        alert = json.loads(line)
        found[alert["rule"], alert["subject"]["type"], alert["subject"]["id"]] = line
    return found
