"""What gathering says of cases, brought into the database: entries for what is of substance, and
cases that people had put away opened again when they grow."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection

from cases.case import Case
from cases.judgement import GatherOrder
from cases.published import published
from events.timed import rfc3339
from evidence.commitments import SALT_BYTES, commit
from evidence.entry import Entry
from registry import Registry
from store.case_steps import grow
from store.evidence_openings import keep
from store.gathered_cases import (
    GatheredCase,
    KeptCase,
    changed_after,
    keep_case,
    kept_cases,
    let_case_go,
)
from stream_processors.writer import Writer

KIND = "case"
_SUBSTANCE = ("kind", "tier", "dealer_id", "territory_id")


class Changed(NamedTuple):
    """A case, whether it holds, and the judgement that changed it last."""

    case: Case
    holds: bool
    order: GatherOrder


class CaseBook:
    """Keeps cases within the writer's transactions."""

    def __init__(
        self, writer: Writer, clock: Callable[[], int], entropy: Callable[[int], bytes]
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._entropy = entropy

    def keep(
        self,
        connection: Connection,
        changed: Mapping[str, Changed],
        base: Mapping[str, Case],
        start: GatherOrder,
        registry: Registry,
    ) -> None:
        """Bring the cases up to date.

        Args:
            changed: what changed since ``start``.
            base: cases open at ``start``; those that were changed after it and are not any more
                are again as they were then.
        """
        before = changed_after(connection, start)
        undone = {
            case_id: Changed(base[case_id], True, start) for case_id in before if case_id in base
        }
        all_changed = {**undone, **changed}
        gone = sorted(before - all_changed.keys())
        kept = kept_cases(connection, {*all_changed, *gone})
        for case_id, now in sorted(all_changed.items()):
            if now.holds:
                self._keep(connection, now, kept.get(case_id), registry)
            elif case_id in kept:
                self._let_go(connection, case_id, kept[case_id], now.order[:2])
        for case_id in gone:
            self._let_go(connection, case_id, kept[case_id], start[:2])

    def _keep(
        self,
        connection: Connection,
        now: Changed,
        before: KeptCase | None,
        registry: Registry,
    ) -> None:
        form = published(now.case, registry, lambda _key: None)
        evidence_seq = before.evidence_seq if before else None
        if before is None or not before.holds or _differs(before.body, form):
            what = "opened" if before is None or not before.holds else "changed"
            evidence_seq = self._log(connection, what, form)
        alerts = tuple(now.case.alerts)
        gathered = GatheredCase(form, now.case.opened_us, alerts, now.order[:2])
        keep_case(connection, gathered, evidence_seq)
        if before is not None and len(alerts) > before.alerts:
            grow(
                connection,
                form["case_id"],
                len(alerts),
                at_us=self._clock(),
                salt=self._entropy,
            )

    def _let_go(
        self, connection: Connection, case_id: str, before: KeptCase, changed: tuple[int, str]
    ) -> None:
        if before.holds:
            seq = self._log(connection, "withdrawn", before.body)
            let_case_go(connection, case_id, seq, changed)

    def _log(self, connection: Connection, what: str, form: dict[str, Any]) -> int:
        opening = commit(form, self._entropy(SALT_BYTES))
        body = {
            "kind": KIND,
            "what": what,
            "recorded_at": rfc3339(self._clock()),
            "case_id": form["case_id"],
            "content": opening.in_entry(),
        }
        [place] = self._writer.append(connection, [Entry(None, body)])
        keep(connection, [opening])
        return place


def _differs(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a change is worth an entry; growth by the same is not: each signal has its own."""
    return any(before.get(name) != now.get(name) for name in _SUBSTANCE)
