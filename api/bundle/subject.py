"""What is taken out: a case, or alerts, with the signals and events that they rest on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.console.cases.content import alerts_of
from api.services import Records
from cases.standing import standing
from cases.steps import Attachment
from events.identity import Identity
from evidence.errors import EvidenceError
from store.alert_views import AlertRow, SignalRow, alerts_by_id, signals_by_id
from store.case_steps import LoggedStep, steps_of
from store.case_views import CaseRow, find_case
from store.evidence_sources import Source, sources_of
from store.transactions import reading


@dataclass(frozen=True, slots=True)
class Subject:
    """A case with its steps, or none; its alerts and signals; the events committed to."""

    case: CaseRow | None
    alerts: Sequence[AlertRow]
    signals: Sequence[SignalRow]
    sources: Sequence[Source]
    steps: Sequence[LoggedStep] = field(default_factory=tuple)

    @property
    def case_id(self) -> str | None:
        """The case's id."""
        return None if self.case is None else self.case.case_id

    @property
    def dealer_id(self) -> str | None:
        """The dealer held responsible."""
        bodies = [self.case.body] if self.case else [row.body for row in self.alerts]
        return next((body["dealer_id"] for body in bodies if body.get("dealer_id")), None)

    @property
    def indices(self) -> list[int]:
        """The entries that speak of it."""
        found = {row.evidence_seq for row in self.signals}
        found |= {step.evidence_seq for step in self.steps}
        if self.case is not None and self.case.evidence_seq is not None:
            found.add(self.case.evidence_seq)
        return sorted(found)

    @property
    def attachments(self) -> list[Attachment]:
        """Files that came with steps, each once."""
        listed = [one for step in self.steps for one in getattr(step.taken.step, "attachments", ())]
        return list({one.sha256: one for one in listed}.values())

    @staticmethod
    def event(source: Source) -> dict[str, Any]:
        """A stored event."""
        decoded: dict[str, Any] = json.loads(source.raw)
        return decoded


def subject_of(records: Records, case_id: str | None, alert_ids: Sequence[str]) -> Subject:
    """What belongs to the case, and to these alerts.

    Raises:
        EvidenceError: ``case-unknown`` or ``alert-unknown``.
    """
    case, steps = None, list[LoggedStep]()
    alerts: list[AlertRow] = []
    if case_id is not None:
        case = find_case(records.engine, case_id)
        if case is None:
            raise EvidenceError(f"there is no case {case_id}", type="case-unknown")
        steps = steps_of(records.engine, case_id)
        alerts = alerts_of(records, case, standing(step.taken for step in steps))
    named = alerts_by_id(records.engine, list(alert_ids))
    if missing := set(alert_ids) - {row.alert_id for row in named}:
        raise EvidenceError(f"there is no alert {min(missing)}", type="alert-unknown")
    alerts += [row for row in named if row.alert_id not in {one.alert_id for one in alerts}]
    ids = dict.fromkeys(key for row in alerts for key in row.body["signal_ids"])
    signals = signals_by_id(records.engine, list(ids))
    return Subject(case, alerts, signals, _sources(records, signals), steps)


def _sources(records: Records, signals: Sequence[SignalRow]) -> list[Source]:
    inputs: set[Identity] = {identity for row in signals for identity in row.inputs}
    with reading(records.engine) as conn:
        return sources_of(conn, inputs)
