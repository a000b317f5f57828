"""Signals: what a rule found, with the id that follows from what it rests on."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from events.identity import DUE, LONG_DUE, Identity
from events.timed import rfc3339
from rules.card import card, reason
from rules.model import Finding, Reason, Subject


class Signal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one rule says of one subject from named events (INTERFACES, 'What judging gives')."""

    signal_id: str
    rule: str
    rule_version: int
    subject: Subject
    occurred_us: int
    strength: float
    inputs: tuple[Identity, ...]
    reason: Reason
    facts: dict[str, Any]
    withdraws: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()
    policy_hash: str = ""
    """Of the policy in force for it, which is part of its id."""

    @property
    def order(self) -> tuple[int, str]:
        """Outputs are sorted by time, then id."""
        return (self.occurred_us, self.signal_id)


def signal_of(finding: Finding, policy_hash: str) -> Signal:
    """The finding as a signal; its content is a pure function of what its id is made of."""
    version = card(finding.rule).version
    inputs = tuple(sorted(set(finding.inputs)))
    return Signal(
        signal_id=signal_id(finding.rule, version, policy_hash, finding.subject, inputs),
        rule=finding.rule,
        rule_version=version,
        subject=finding.subject,
        occurred_us=finding.occurred_us,
        strength=round(finding.strength, 6),
        inputs=inputs,
        reason=reason(finding),
        facts={name: rounded(value) for name, value in finding.facts.items()},
        policy_hash=policy_hash,
    )


def signal_id(
    rule: str, version: int, policy_hash: str, subject: Subject, inputs: Sequence[Identity]
) -> str:
    """SHA-256 of the canonical JSON of what a signal rests on (DESIGN, 'Order and time')."""
    named = {
        "rule": rule,
        "rule_version": version,
        "policy": policy_hash,
        "subject": {"type": subject.type, "id": subject.id},
        "inputs": list(inputs),
    }
    return hashlib.sha256(_canonical(named)).hexdigest()


def _canonical(named: dict[str, Any]) -> bytes:
    """RFC 8785 of what holds only texts, small integers and ASCII names: there sorted members and
    msgspec's escapes are all of it, at a twentieth of the cost (tests/rules/test_signal.py)."""
    return msgspec.json.encode(named, order="sorted")


def rounded(value: Any) -> Any:
    """Numbers that are computed, to 6 decimals."""
    return round(value, 6) if isinstance(value, float) else value


def as_json(signal: Signal) -> dict[str, Any]:
    """The signal in the form of ``signals.jsonl``."""
    form: dict[str, Any] = {
        "signal_id": signal.signal_id,
        "rule": signal.rule,
        "rule_version": signal.rule_version,
        "subject": {"type": signal.subject.type, "id": signal.subject.id},
        "occurred_at": rfc3339(signal.occurred_us),
        "strength": signal.strength,
        "input_ids": sorted({event_id(identity) for identity in signal.inputs}),
        "reason": {"en": signal.reason.en, "zh": signal.reason.zh},
        "facts": signal.facts,
    }
    for name, ids in (("withdraws", signal.withdraws), ("corrects", signal.corrects)):
        if ids:
            form[name] = list(ids)
    return form


def event_id(identity: Identity) -> str:
    """The id that the event's sender gave, out of its identity, or of the one that a deadline
    follows from."""
    own = identity.split(":", 1)[1]
    for mark in ("#error", DUE, LONG_DUE):
        own = own.removesuffix(mark)
    return own


