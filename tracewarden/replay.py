"""Replay: the same pure rules over a recording. The same input gives the same bytes.

Events are spooled into a database of their own on disk, so that memory holds one batch of subjects
and never all events. It is the oracle of the tests: a stream's effective signals equal these.
"""

import heapq
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from msgspec.structs import replace as replaced
from sqlalchemy import Connection, Engine, text

from cases.alerts import alert_of
from cases.alerts import as_json as alert_json
from cases.case import AlertKey
from cases.judgement import Judgement
from events.model import Offer, Order
from events.wire import decode_event
from judging.gathering import judgements_of
from judging.handling import judge_handlings
from judging.units import Unit, judge_items, judge_shipment, units_of
from registry import Head, Registry, RegistryRows
from registry.known import recorded_us
from rules.signal import Signal
from rules.signal import as_json as signal_json
from store.containment import handled_epcs
from store.stored_history import StoredHistory
from tracewarden.event_spool import Progress, Tally, batched, fill, open_spool, scanned_items
from tracewarden.gathering import Gatherer
from tracewarden.judgement_spool import JudgementSpool

ITEMS_AT_ONCE = 1000
SHIPMENTS_AT_ONCE = 50


@dataclass
class Outcome:
    """What replay found: lines to write, sorted by time, then id, and what was counted."""

    signals: list[bytes]
    alerts: list[bytes]
    summary: dict[str, Any]
    gathered_signals: list[bytes] = field(default_factory=list)
    """Signals over many subjects, which the second stage gives; ``alerts`` have theirs."""
    gathered_alerts: list[bytes] = field(default_factory=list)
    cases: list[bytes] = field(default_factory=list)


def replay(
    folder: Path,
    head: Head,
    rows: RegistryRows,
    *,
    at_us: int | None = None,
    progress: Progress = lambda _what, _count: None,
    index: Path | None = None,
) -> Outcome:
    """Judge a recording.

    Args:
        at_us: ignore what was received or recorded from then on.
        index: a folder in which an index of the territories is kept, as workers do.
    """
    known = rows if at_us is None else known_before(rows, at_us)
    registry = Registry(known, index)
    with tempfile.TemporaryDirectory(prefix="tracewarden-replay-") as spool:
        engine = open_spool(Path(spool))
        try:
            tally = fill(engine, folder / "events.jsonl", head.to, at_us, progress)
            with JudgementSpool(Path(spool)) as judgements:
                return _judge(engine, judgements, registry, head, tally, progress)
        finally:
            engine.dispose()


def known_before(rows: RegistryRows, at_us: int) -> RegistryRows:
    """The registry without what was recorded from then on."""
    kept = {
        name: tuple(row for row in getattr(rows, name) if recorded_us(row) < at_us)
        for name in rows.__struct_fields__
        if isinstance(getattr(rows, name), tuple) and name != "own_glns"
    }
    return replaced(rows, **kept)


def _judge(
    engine: Engine,
    judgements: JudgementSpool,
    registry: Registry,
    head: Head,
    tally: Tally,
    progress: Progress,
) -> Outcome:
    signals: list[Line] = []
    alerts: list[Line] = []
    alert_ids: dict[AlertKey, str] = {}
    rules: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    with engine.connect() as connection:
        for units in _units(connection, registry, progress):
            judgements.put(judged for unit in units for judged in judgements_of(unit))
            for key, group in _grouped(units).items():
                rules.update(signal.rule for signal in group)
                signals += [(*signal.order, _line(signal_json(signal))) for signal in group]
                alert = alert_of(group)
                if alert is not None:
                    severities[alert.severity] += 1
                    alerts.append((*alert.order, _line(alert_json(alert))))
                    alert_ids[key] = alert.alert_id
        judgements.put(_trade(connection))
    gatherer = Gatherer(registry)
    gatherer.take(judgements.in_order())
    rules.update(signal.rule for signal in gatherer.signals)
    gathered = gatherer.alerts()
    severities.update(alert.severity for alert in gathered)
    for alert in gathered:
        alert_ids[(alert.rule, alert.subject.type, alert.subject.id)] = alert.alert_id
    cases = gatherer.cases(alert_ids)
    summary = {
        "name": head.name,
        "events": dict(sorted(tally.events.items())),
        "doubles": tally.doubles,
        "dead_letters": tally.dead,
        "dead_letter_samples": tally.dead_samples,
        "signals": dict(sorted(rules.items())),
        "alerts": dict(sorted(severities.items())),
        "cases": dict(sorted(Counter(case["kind"] for case in cases).items())),
        "policy_hash": registry.policies.all[-1].digest,
    }
    return Outcome(
        _lines(signals),
        _lines(alerts),
        summary,
        _lines((*signal.order, _line(signal_json(signal))) for signal in gatherer.signals),
        _lines((*alert.order, _line(alert_json(alert))) for alert in gathered),
        [_line(case) for case in cases],
    )


def _trade(connection: Connection) -> Iterator[Judgement]:
    """Orders and offers go straight to gathering."""
    rows = connection.execute(
        text("SELECT identity, received_us, raw FROM events WHERE kind IN ('order', 'offer')")
    )
    for identity, received_us, raw in rows:
        event: Order | Offer = decode_event(raw)  # type: ignore[assignment]
        yield Judgement(
            known_us=received_us, known_by=identity, identity=identity, subject="", trade=event
        )


Line = tuple[int, str, bytes]


def _lines(lines: Iterable[Line]) -> list[bytes]:
    return [line for _, _, line in sorted(lines)]


def _line(form: dict[str, Any]) -> bytes:
    return json.dumps(form, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _grouped(units: Iterable[Unit]) -> dict[tuple[str, str, str], list[Signal]]:
    """Signals by rule and subject; a subject's units always come together."""
    groups: dict[tuple[str, str, str], list[Signal]] = {}
    for unit in units:
        for signal in unit.signals:
            key = (signal.rule, signal.subject.type, signal.subject.id)
            groups.setdefault(key, []).append(signal)
    return groups


def _units(
    connection: Connection, registry: Registry, progress: Progress
) -> Iterator[list[Unit]]:
    history = StoredHistory(connection)
    for batch in batched(scanned_items(connection), ITEMS_AT_ONCE):
        judged = judge_items(batch, history, registry)
        drafts = [(key, draft) for key, found in judged.items() for draft in found.drafts]
        yield units_of(drafts, registry)
        progress("items judged", len(batch))
    moved = bool(registry.limited_permits)
    for batch in batched(handled_epcs(connection, moved=moved), ITEMS_AT_ONCE):
        handled = judge_handlings(batch, history, registry)
        drafts = [(epc, draft) for epc, found in handled.items() for draft in found.drafts]
        yield units_of(drafts, registry)
        progress("things judged", len(batch))
    shipments = sorted({row.shipment_id for row in registry.rows.shipments})
    for batch in batched(shipments, SHIPMENTS_AT_ONCE):
        drafts = [
            (key, draft)
            for key in batch
            for draft in judge_shipment(key, history, registry).drafts
        ]
        for _, units in groupby(units_of(drafts, registry), key=attrgetter("subject")):
            yield list(units)
        progress("shipments judged", len(batch))


def write(outcome: Outcome, out: Path) -> None:
    """Write ``signals.jsonl alerts.jsonl cases.jsonl summary.json``."""
    out.mkdir(parents=True, exist_ok=True)
    for name, first, second in (
        ("signals", outcome.signals, outcome.gathered_signals),
        ("alerts", outcome.alerts, outcome.gathered_alerts),
    ):
        (out / f"{name}.jsonl").write_bytes(b"".join(_merged(name, first, second)))
    (out / "cases.jsonl").write_bytes(b"".join(outcome.cases))
    summary = json.dumps(outcome.summary, ensure_ascii=False, indent=2, sort_keys=True)
    (out / "summary.json").write_text(summary + "\n", encoding="utf-8")


def _merged(name: str, first: list[bytes], second: list[bytes]) -> Iterable[bytes]:
    """Both in order of time, then id."""
    if not second:
        return first
    time, key = ("occurred_at", "signal_id") if name == "signals" else ("first_at", "alert_id")

    def order(line: bytes) -> tuple[datetime, str]:
        form = json.loads(line)
        return datetime.fromisoformat(form[time]), form[key]

    return heapq.merge(first, second, key=order)


def difference(before: Outcome, after: Outcome) -> list[bytes]:
    """``diff.jsonl``: alerts that a change would add and remove, by rule and subject."""
    was = _by_subject([*before.alerts, *before.gathered_alerts])
    now = _by_subject([*after.alerts, *after.gathered_alerts])
    changes = [("removed", was[key]) for key in was.keys() - now.keys()]
    changes += [("added", now[key]) for key in now.keys() - was.keys()]
    changes.sort(key=lambda change: (change[1]["first_at"], change[1]["alert_id"], change[0]))
    return [_line({"change": change, "alert": alert}) for change, alert in changes]


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
    return [_line({"change": change, "case": case}) for change, case in changes]


def _by_what_they_are_about(lines: Iterable[bytes]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for case in (json.loads(line) for line in lines):
        who_and_where = (case.get("dealer_id", ""), case.get("territory_id", ""))
        key = (case["kind"], case["subject"]["type"], case["subject"]["id"], *who_and_where)
        found.setdefault(key, []).append(case)
    return found


def _by_subject(lines: Iterable[bytes]) -> dict[tuple[str, str, str], dict[str, Any]]:
    alerts = (json.loads(line) for line in lines)
    return {(a["rule"], a["subject"]["type"], a["subject"]["id"]): a for a in alerts}
