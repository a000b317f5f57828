"""Replay: the same pure rules over a recording. The same input gives the same bytes.

Events are spooled into a database of their own on disk, so that memory holds one batch of subjects
and never all events. It is the oracle of the tests: a stream's effective signals equal these.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from msgspec.structs import replace as replaced
from sqlalchemy import Connection, Engine, text

from cases.alerts import alerts_of
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
from store.containment import handled_epcs
from store.stored_history import StoredHistory
from tracewarden.event_spool import Progress, Tally, batched, fill, open_spool, scanned_items
from tracewarden.gathering import Gatherer
from tracewarden.judgement_spool import JudgementSpool
from tracewarden.outcome import Lines, Outcome, line_of

ITEMS_AT_ONCE = 1000
SHIPMENTS_AT_ONCE = 50
JUDGEMENTS_AT_ONCE = 1000


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
        judging = _Judging(registry, progress)
        try:
            tally = fill(engine, folder / "events.jsonl", head.to, at_us, progress)
            judging.judge(engine)
        finally:
            engine.dispose()  # and lets go of the memory that the spool was read through
    judging.gather()
    return judging.outcome_of(head, tally)


def known_before(rows: RegistryRows, at_us: int) -> RegistryRows:
    """The registry without what was recorded from then on."""
    kept = {
        name: tuple(row for row in getattr(rows, name) if recorded_us(row) < at_us)
        for name in rows.__struct_fields__
        if isinstance(getattr(rows, name), tuple) and name != "own_glns"
    }
    return replaced(rows, **kept)


class _Judging:
    """Judges the events of a spool, then gathers what was judged."""

    def __init__(self, registry: Registry, progress: Progress) -> None:
        self._registry, self._progress = registry, progress
        self._judgements = JudgementSpool()
        self._outcome = Outcome()
        self._alert_ids: dict[AlertKey, str] = {}
        self._rules: Counter[str] = Counter()
        self._severities: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()

    def judge(self, engine: Engine) -> None:
        """What events say of each subject."""
        with engine.connect() as connection:
            for units in _units(connection, self._registry, self._progress):
                self._judgements.put(judged for unit in units for judged in judgements_of(unit))
                signals = [signal for unit in units for signal in unit.signals]
                self._tell(signals, self._outcome.signals, self._outcome.alerts)
            self._judgements.put(_trade(connection))

    def gather(self) -> None:
        """What judgements say together."""
        gatherer = Gatherer(self._registry)
        for judgements in batched(self._judgements.in_order(), JUDGEMENTS_AT_ONCE):
            gatherer.take(judgements)
            self._progress("judgements gathered", len(judgements))
        outcome = self._outcome
        self._tell(gatherer.signals, outcome.gathered_signals, outcome.gathered_alerts)
        cases = gatherer.cases(self._alert_ids)
        outcome.cases = [line_of(case) for case in cases]
        self._kinds.update(case["kind"] for case in cases)

    def _tell(self, signals: Sequence[Signal], lines: Lines, alerts: Lines) -> None:
        """Keep signals, and their alerts: a subject's signals always come together."""
        lines.put_signals(signals)
        self._rules.update(signal.rule for signal in signals)
        found = list(alerts_of(signals))
        alerts.put_alerts(found)
        self._severities.update(alert.severity for alert in found)
        self._alert_ids |= {alert.key: alert.alert_id for alert in found}

    def outcome_of(self, head: Head, tally: Tally) -> Outcome:
        """All of it, with what was counted."""
        self._outcome.summary = {
            "name": head.name,
            "events": dict(sorted(tally.events.items())),
            "doubles": tally.doubles,
            "dead_letters": tally.dead,
            "dead_letter_samples": tally.dead_samples,
            "signals": dict(sorted(self._rules.items())),
            "alerts": dict(sorted(self._severities.items())),
            "cases": dict(sorted(self._kinds.items())),
            "policy_hash": self._registry.policies.all[-1].digest,
        }
        return self._outcome


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
