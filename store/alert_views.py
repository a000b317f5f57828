"""Alerts, signals and what they rest on, as the console and the reading API show them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Engine, Select, func, select

from events.identity import Identity
from rules.signal import Signal
from store.schema.events import events
from store.schema.evidence import evidence_entries
from store.schema.judgements import alerts, signals
from store.transactions import reading

_SEVERITIES = ("low", "medium", "high", "critical")
_CHUNK = 500


class AlertRow(NamedTuple):
    """An alert: ``change`` is raised whenever it changes, ``body`` is its published form."""

    alert_id: str
    change: int
    holds: bool
    strength: float
    body: dict[str, Any]


class SignalRow(NamedTuple):
    """A signal: ``evidence_seq`` is its entry in the log, ``inputs`` are the identities of the
    events that it rests on, ``body`` its published form."""

    signal_id: str
    holds: bool
    evidence_seq: int
    inputs: tuple[Identity, ...]
    body: dict[str, Any]


class EvidenceRow(NamedTuple):
    """An entry of the evidence log, byte for byte as it was hashed."""

    seq: int
    leaf_hash: bytes
    data: bytes


class AlertFilter(NamedTuple):
    """What the list is narrowed to; an empty tuple narrows nothing."""

    severities: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def narrow(self, query: Select[Any]) -> Select[Any]:
        """The query with these conditions."""
        if self.severities:
            query = query.where(alerts.c.severity.in_(self.severities))
        if self.rules:
            query = query.where(alerts.c.rule.in_(self.rules))
        return query


_ALERT = (alerts.c.alert_id, alerts.c.change, alerts.c.holds, alerts.c.strength, alerts.c.body)
_SIGNAL = (
    signals.c.signal_id,
    signals.c.holds,
    signals.c.evidence_seq,
    signals.c.stored,
    signals.c.body,
)
_stored_decoder = msgspec.json.Decoder(Signal)


def _alert(row: Any) -> AlertRow:
    body = msgspec.json.decode(row.body)
    return AlertRow(row.alert_id, row.change, row.holds, row.strength, body)


def _signal(row: Any) -> SignalRow:
    inputs = _stored_decoder.decode(row.stored).inputs
    body = msgspec.json.decode(row.body)
    return SignalRow(row.signal_id, row.holds, row.evidence_seq, inputs, body)


def newest_alerts(engine: Engine, narrowed: AlertFilter, most: int) -> list[AlertRow]:
    """Alerts that hold, the latest first."""
    query = select(*_ALERT).where(alerts.c.holds)
    query = narrowed.narrow(query).order_by(alerts.c.last_us.desc(), alerts.c.alert_id)
    with reading(engine) as connection:
        return [_alert(row) for row in connection.execute(query.limit(most))]


def count_by_severity(engine: Engine) -> dict[str, int]:
    """How many alerts hold, for every severity."""
    query = select(alerts.c.severity, func.count()).where(alerts.c.holds)
    with reading(engine) as connection:
        rows = connection.execute(query.group_by(alerts.c.severity))
        found = {row[0]: row[1] for row in rows}
    return {severity: found.get(severity, 0) for severity in _SEVERITIES}


def rules_seen(engine: Engine) -> list[str]:
    """The rules of alerts that hold."""
    query = select(alerts.c.rule).where(alerts.c.holds).distinct().order_by(alerts.c.rule)
    with reading(engine) as connection:
        return list(connection.execute(query).scalars())


def newest_change(engine: Engine) -> int:
    """The number of the last change; 0 before the first."""
    with reading(engine) as connection:
        return connection.execute(select(func.max(alerts.c.change))).scalar_one() or 0


def alerts_changed_after(
    engine: Engine, change: int, most: int, narrowed: AlertFilter | None = None
) -> list[AlertRow]:
    """Alerts that changed after that change, in order; those that no longer hold, too."""
    query = (narrowed or AlertFilter()).narrow(select(*_ALERT).where(alerts.c.change > change))
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(alerts.c.change).limit(most))
        return [_alert(row) for row in rows]


def find_alert(engine: Engine, alert_id: str) -> AlertRow | None:
    """The alert with this id, whether it holds or not."""
    with reading(engine) as connection:
        query = select(*_ALERT).where(alerts.c.alert_id == alert_id)
        row = connection.execute(query).one_or_none()
    return None if row is None else _alert(row)


def alerts_by_id(engine: Engine, alert_ids: Sequence[str]) -> list[AlertRow]:
    """These alerts, those that no longer hold too, in order of their first event."""
    found: list[AlertRow] = []
    with reading(engine) as connection:
        for start in range(0, len(alert_ids), _CHUNK):
            chunk = alert_ids[start : start + _CHUNK]
            query = select(*_ALERT).where(alerts.c.alert_id.in_(chunk))
            found += [_alert(row) for row in connection.execute(query)]
    return sorted(found, key=lambda row: (str(row.body.get("first_at", "")), row.alert_id))


def signals_by_id(engine: Engine, signal_ids: Sequence[str]) -> list[SignalRow]:
    """These signals in order of their time."""
    found: list[SignalRow] = []
    with reading(engine) as connection:
        for start in range(0, len(signal_ids), _CHUNK):
            chunk = signal_ids[start : start + _CHUNK]
            query = select(*_SIGNAL).where(signals.c.signal_id.in_(chunk))
            found += [_signal(row) for row in connection.execute(query)]
    return sorted(found, key=lambda row: (str(row.body.get("occurred_at", "")), row.signal_id))


def effective_signals(engine: Engine, after: int, most: int) -> list[SignalRow]:
    """Signals that hold, in order of their evidence entries, from those after ``after`` on."""
    query = select(*_SIGNAL).where(signals.c.holds, signals.c.evidence_seq > after)
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(signals.c.evidence_seq).limit(most))
        return [_signal(row) for row in rows]


def events_by_identity(engine: Engine, identities: Sequence[str]) -> list[dict[str, Any]]:
    """These stored events in order of their time, in the form of a recording's line."""
    found: list[tuple[int, str, bytes]] = []
    with reading(engine) as connection:
        for start in range(0, len(identities), _CHUNK):
            chunk = identities[start : start + _CHUNK]
            query = select(events.c.happened_us, events.c.identity, events.c.raw)
            rows = connection.execute(query.where(events.c.identity.in_(chunk)))
            found += [(row.happened_us, row.identity, row.raw) for row in rows]
    return [msgspec.json.decode(raw) for _, _, raw in sorted(found)]


def find_evidence(engine: Engine, seq: int) -> EvidenceRow | None:
    """The evidence entry at ``seq``."""
    columns = (evidence_entries.c.seq, evidence_entries.c.leaf_hash, evidence_entries.c.data)
    with reading(engine) as connection:
        query = select(*columns).where(evidence_entries.c.seq == seq)
        row = connection.execute(query).one_or_none()
    return None if row is None else EvidenceRow(*row)
