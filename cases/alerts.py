"""Alerts: the signals of one rule about one subject, as people see them."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import rfc8785
from msgspec import Struct

from cases.case import AlertKey
from events.timed import rfc3339
from rules.card import Severity, card
from rules.model import Subject
from rules.signal import Signal


class Alert(Struct, frozen=True, kw_only=True):
    """A group of signals that still hold (INTERFACES, 'What judging gives')."""

    alert_id: str
    rule: str
    subject: Subject
    severity: Severity
    first_us: int
    last_us: int
    signal_ids: tuple[str, ...]
    strength: float
    dealer_id: str | None
    territory_id: str | None
    facts: dict[str, Any]

    @property
    def key(self) -> AlertKey:
        """What it is about."""
        return (self.rule, self.subject.type, self.subject.id)

    @property
    def order(self) -> tuple[int, str]:
        """Outputs are sorted by time, then id."""
        return (self.first_us, self.alert_id)


def alerts_of(signals: Iterable[Signal]) -> Iterator[Alert]:
    """All alerts of effective signals, of any rules and subjects."""
    groups: dict[AlertKey, list[Signal]] = {}
    for signal in signals:
        key = (signal.rule, signal.subject.type, signal.subject.id)
        groups.setdefault(key, []).append(signal)
    return (alert for group in groups.values() if (alert := alert_of(group)) is not None)


def alert_of(signals: Iterable[Signal]) -> Alert | None:
    """The alert of all effective signals of one rule and subject; None where none has force.

    Its id is that of the earliest signal with force: where that one goes, another alert stands.
    """
    group = sorted(signals, key=lambda signal: signal.order)
    forceful = [signal for signal in group if signal.strength > 0]
    if not forceful:
        return None
    first, last = forceful[0], forceful[-1]
    strongest = max(forceful, key=lambda signal: (signal.strength, signal.order))
    return Alert(
        alert_id=_alert_id(first),
        rule=first.rule,
        subject=first.subject,
        severity=card(first.rule).severity,
        first_us=first.occurred_us,
        last_us=last.occurred_us,
        signal_ids=tuple(signal.signal_id for signal in group),
        strength=strongest.strength,
        dealer_id=strongest.facts.get("dealer_id"),
        territory_id=strongest.facts.get("territory_id"),
        facts={**strongest.facts, "signals": len(forceful), "strength": strongest.strength},
    )


def _alert_id(first: Signal) -> str:
    named: dict[str, Any] = {
        "rule": first.rule,
        "subject": {"type": first.subject.type, "id": first.subject.id},
        "first_signal": first.signal_id,
    }
    return hashlib.sha256(rfc8785.dumps(named)).hexdigest()


def as_json(alert: Alert) -> dict[str, Any]:
    """The alert in the form of ``alerts.jsonl``."""
    form: dict[str, Any] = {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "subject": {"type": alert.subject.type, "id": alert.subject.id},
        "severity": alert.severity,
        "first_at": rfc3339(alert.first_us),
        "last_at": rfc3339(alert.last_us),
        "signal_ids": list(alert.signal_ids),
        "facts": alert.facts,
    }
    if alert.dealer_id is not None:
        form["dealer_id"] = alert.dealer_id
    if alert.territory_id is not None:
        form["territory_id"] = alert.territory_id
    return form
