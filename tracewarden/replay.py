"""Replay: the same pure rules over a recording. The same input gives the same bytes.

Events are spooled into a database of their own on disk, so that memory holds one batch of subjects
and never all events. It is the oracle of the tests: a stream's effective signals equal these.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, text

from cases.alerts import alert_of
from cases.alerts import as_json as alert_json
from events.errors import EventError
from events.timed import microseconds, timed
from events.wire import decode_event
from judging.units import Unit, judge_items, judge_shipment, units_of
from registry import Head, Registry, RegistryRows
from registry.known import recorded_us
from rules.signal import Signal
from rules.signal import as_json as signal_json
from store.engine import open_engine, sqlite_url
from store.events import Incoming, StoredHistory, incoming_of, store_events
from store.schema import metadata

EVENTS_AT_ONCE = 2000
ITEMS_AT_ONCE = 500
Progress = Callable[[str, int], None]


@dataclass
class Outcome:
    """What replay found: lines to write, sorted by time, then id, and what was counted."""

    signals: list[bytes]
    alerts: list[bytes]
    summary: dict[str, Any]


@dataclass
class _Tally:
    events: Counter[str] = field(default_factory=Counter)
    doubles: int = 0
    dead: int = 0
    dead_samples: list[str] = field(default_factory=list)


def replay(
    folder: Path,
    head: Head,
    rows: RegistryRows,
    *,
    at_us: int | None = None,
    progress: Progress = lambda _what, _count: None,
) -> Outcome:
    """Judge a recording.

    Args:
        at_us: ignore what was received or recorded from then on.
    """
    known = rows if at_us is None else known_before(rows, at_us)
    registry = Registry(known)
    with tempfile.TemporaryDirectory(prefix="tracewarden-replay-") as spool:
        engine = _spool_engine(Path(spool))
        try:
            tally = _spool(engine, folder / "events.jsonl", at_us, progress)
            return _judge(engine, registry, head, tally, progress)
        finally:
            engine.dispose()


def known_before(rows: RegistryRows, at_us: int) -> RegistryRows:
    """The registry without what was recorded from then on."""
    kept = {
        name: tuple(row for row in getattr(rows, name) if recorded_us(row) < at_us)
        for name in rows.__struct_fields__
        if isinstance(getattr(rows, name), tuple) and name != "own_glns"
    }
    return RegistryRows(
        **kept, own_glns=rows.own_glns, policy=rows.policy, lateness_s=rows.lateness_s
    )


def _spool_engine(folder: Path) -> Engine:
    """A database that lives as long as the replay: nothing in it needs to be durable."""
    engine = open_engine(sqlite_url(folder / "spool.sqlite"), durable=False)
    metadata.create_all(engine)
    return engine


def _spool(engine: Engine, path: Path, at_us: int | None, progress: Progress) -> _Tally:
    tally = _Tally()
    with path.open("rb") as lines, engine.begin() as connection:
        for batch in _batched(lines, EVENTS_AT_ONCE):
            incoming = list(_read(batch, at_us, tally))
            stored = store_events(connection, incoming)
            tally.doubles += len(incoming) - len(stored.fresh)
            tally.dead += len(stored.refused)
            progress("events read", len(batch))
    return tally


T = TypeVar("T")


def _batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def _read(lines: Sequence[bytes], at_us: int | None, tally: _Tally) -> Iterator[Incoming]:
    for line in lines:
        raw = line.rstrip(b"\r\n")
        if not raw:
            continue
        try:
            event = decode_event(raw)
            if at_us is not None and microseconds(event.received_at) >= at_us:
                continue
            incoming = incoming_of(timed(event), raw)
        except EventError as error:
            tally.dead += 1
            if len(tally.dead_samples) < 10:
                tally.dead_samples.append(f"{error.type}: {error.field}: {error.detail}")
            continue
        tally.events[str(event.__struct_config__.tag)] += 1
        yield incoming


def _judge(
    engine: Engine, registry: Registry, head: Head, tally: _Tally, progress: Progress
) -> Outcome:
    signals: list[tuple[int, str, bytes]] = []
    alerts: list[tuple[int, str, bytes]] = []
    rules: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    with engine.connect() as connection:
        for units in _units(connection, registry, progress):
            for group in _grouped(units).values():
                rules.update(signal.rule for signal in group)
                signals += [(*signal.order, _line(signal_json(signal))) for signal in group]
                alert = alert_of(group)
                if alert is not None:
                    severities[alert.severity] += 1
                    alerts.append((*alert.order, _line(alert_json(alert))))
    summary = {
        "name": head.name,
        "events": dict(sorted(tally.events.items())),
        "doubles": tally.doubles,
        "dead_letters": tally.dead,
        "dead_letter_samples": tally.dead_samples,
        "signals": dict(sorted(rules.items())),
        "alerts": dict(sorted(severities.items())),
        "cases": 0,
        "policy_hash": registry.policy_hash,
    }
    return Outcome(
        [line for _, _, line in sorted(signals)], [line for _, _, line in sorted(alerts)], summary
    )


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
    items = connection.execute(
        text("SELECT DISTINCT subject FROM events WHERE kind = 'scan' ORDER BY subject")
    ).scalars()
    for batch in _batched(items.all(), ITEMS_AT_ONCE):
        judged = judge_items(batch, history, registry)
        drafts = [(key, draft) for key, found in judged.items() for draft in found.drafts]
        yield units_of(drafts, registry)
        progress("items judged", len(batch))
    for shipment_id in sorted({row.shipment_id for row in registry.rows.shipments}):
        drafts = [(shipment_id, d) for d in judge_shipment(shipment_id, history, registry).drafts]
        yield units_of(drafts, registry)


def write(outcome: Outcome, out: Path) -> None:
    """Write ``signals.jsonl alerts.jsonl cases.jsonl summary.json``."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "signals.jsonl").write_bytes(b"".join(outcome.signals))
    (out / "alerts.jsonl").write_bytes(b"".join(outcome.alerts))
    (out / "cases.jsonl").write_bytes(b"")
    summary = json.dumps(outcome.summary, ensure_ascii=False, indent=2, sort_keys=True)
    (out / "summary.json").write_text(summary + "\n", encoding="utf-8")


def difference(before: Outcome, after: Outcome) -> list[bytes]:
    """``diff.jsonl``: alerts that a change would add and remove, by rule and subject."""
    was, now = _by_subject(before.alerts), _by_subject(after.alerts)
    changes = [("removed", was[key]) for key in was.keys() - now.keys()]
    changes += [("added", now[key]) for key in now.keys() - was.keys()]
    changes.sort(key=lambda change: (change[1]["first_at"], change[1]["alert_id"], change[0]))
    return [_line({"change": change, "alert": alert}) for change, alert in changes]


def _by_subject(lines: Iterable[bytes]) -> dict[tuple[str, str, str], dict[str, Any]]:
    alerts = (json.loads(line) for line in lines)
    return {(a["rule"], a["subject"]["type"], a["subject"]["id"]): a for a in alerts}
