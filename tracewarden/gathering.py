"""Replay's second stage: gathers the judgements of a spool into signals over many subjects, and
cases."""

from collections.abc import Iterable
from typing import Any

from cases.case import AlertKey, Case
from cases.gather import Gathering, step
from cases.judgement import Judgement
from cases.published import published
from registry import Registry
from rules.signal import Signal


class Gatherer:
    """Holds the cases and the signals that gathering gives."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._state = Gathering()
        self.signals: list[Signal] = []
        self._cases: dict[str, Case] = {}

    def take(self, judgements: Iterable[Judgement]) -> None:
        """Take judgements, in order."""
        for judged in judgements:
            self._state, gathered = step(self._state, judged, registry=self._registry)
            self.signals += gathered.signals
            for case in gathered.cases:
                self._cases[case.case_id] = case
            for case in gathered.fallen:
                self._cases.pop(case.case_id, None)

    def cases(self, alert_ids: dict[AlertKey, str]) -> list[dict[str, Any]]:
        """All cases that hold, in the form of ``cases.jsonl``, in order."""
        return [
            published(case, self._registry, alert_ids.get)
            for case in sorted(self._cases.values(), key=lambda case: case.order)
        ]
