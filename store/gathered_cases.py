"""Cases as gathering gives them: kept by what changed them last, with the alerts that belong."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, text, update

from cases.case import AlertKey
from cases.judgement import GatherOrder
from store.columns import as_list, rows_of
from store.schema.cases import cases
from store.schema.gathering import case_alerts

_encode = msgspec.json.Encoder().encode


class GatheredCase(NamedTuple):
    """A case's published form without its alerts, their keys, and the judgement that changed it."""

    form: dict[str, Any]
    opened_us: int
    alerts: tuple[AlertKey, ...]
    changed: tuple[int, str]


class KeptCase(NamedTuple):
    """What is kept of a case, to see what a change is about."""

    holds: bool
    alerts: int
    evidence_seq: int | None
    body: dict[str, Any]


def changed_after(connection: Connection, position: GatherOrder) -> set[str]:
    """Cases that a judgement after this one changed last."""
    query = select(cases.c.case_id, cases.c.changed_us, cases.c.changed_by)
    rows = connection.execute(query.where(cases.c.changed_us >= position[0]))
    return {row.case_id for row in rows if (row.changed_us, row.changed_by) > position[:2]}


def kept_cases(connection: Connection, case_ids: Collection[str]) -> dict[str, KeptCase]:
    """What is kept of these cases."""
    query = text(
        "SELECT case_id, holds, alerts, evidence_seq, body FROM cases "
        f"WHERE case_id IN {rows_of(connection, 'ids')}"
    )
    rows = connection.execute(query, {"ids": as_list(case_ids)})
    return {
        row.case_id: KeptCase(
            bool(row.holds), row.alerts, row.evidence_seq, msgspec.json.decode(bytes(row.body))
        )
        for row in rows
    }


def keep_case(connection: Connection, case: GatheredCase, evidence_seq: int | None) -> None:
    """Store a case, or what has become of it."""
    form = case.form
    values = {
        "change": _next_change(connection),
        "holds": True,
        "made_by_hand": False,
        "kind": form["kind"],
        "tier": form["tier"],
        "confidence": form["confidence"],
        "dealer_id": form.get("dealer_id"),
        "territory_id": form.get("territory_id"),
        "opened_us": case.opened_us,
        "alerts": len(case.alerts),
        "exposure": form["exposure"]["amount"] if "exposure" in form else None,
        "evidence_seq": evidence_seq,
        "changed_us": case.changed[0],
        "changed_by": case.changed[1],
        "body": _encode(form),
    }
    same = cases.c.case_id == form["case_id"]
    if connection.execute(update(cases).where(same).values(values)).rowcount == 0:
        connection.execute(insert(cases).values(case_id=form["case_id"], **values))
    _keep_alerts(connection, form["case_id"], case.alerts)


def let_case_go(
    connection: Connection, case_id: str, evidence_seq: int, changed: tuple[int, str]
) -> None:
    """Judging no longer finds this case; it stays readable."""
    connection.execute(
        update(cases)
        .where(cases.c.case_id == case_id)
        .values(
            holds=False,
            change=_next_change(connection),
            evidence_seq=evidence_seq,
            changed_us=changed[0],
            changed_by=changed[1],
        )
    )


def _next_change(connection: Connection) -> int:
    return (connection.execute(select(func.max(cases.c.change))).scalar() or 0) + 1


def _keep_alerts(connection: Connection, case_id: str, keys: Iterable[AlertKey]) -> None:
    mine = case_alerts.c.case_id == case_id
    held = select(case_alerts.c.rule, case_alerts.c.subject_type, case_alerts.c.subject_id)
    before = {tuple(row) for row in connection.execute(held.where(mine))}
    now = set(keys)
    for rule, subject_type, subject_id in before - now:
        connection.execute(
            delete(case_alerts).where(
                mine,
                case_alerts.c.rule == rule,
                case_alerts.c.subject_type == subject_type,
                case_alerts.c.subject_id == subject_id,
            )
        )
    new = [
        {"case_id": case_id, "rule": key[0], "subject_type": key[1], "subject_id": key[2]}
        for key in sorted(now - before)
    ]
    if new:
        connection.execute(insert(case_alerts), new)
