"""Merging and splitting: steps that two cases take at once, and the case that a split makes."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import rfc8785
from sqlalchemy import Connection, Engine, func, insert, select

from cases.errors import CaseError, case_unknown
from cases.steps import Absorb, Begin, Merge, Split
from store.case_steps import Author, add_step, follow
from store.schema.cases import cases


def merge_case(engine: Engine, case_id: str, into: str, author: Author, *, at_us: int) -> None:
    """Let a case go on as a part of another; both take a step or neither does.

    Raises:
        CaseError: one of them does not exist or is closed, or both are one.
    """
    if case_id == into:
        raise CaseError("a case cannot be merged into itself", field="into")
    with engine.begin() as connection:
        # Locked in one order, so that two people who merge crosswise wait instead of blocking.
        for first in sorted((case_id, into)):
            _lock(connection, first)
        add_step(connection, case_id, Merge(into), author, at_us=at_us)
        follow(connection, into, Absorb(case_id), author, at_us=at_us)


def split_case(
    engine: Engine, case_id: str, alert_ids: Sequence[str], author: Author, *, at_us: int
) -> str:
    """Make a new case of some alerts of one; returns its id.

    Raises:
        CaseError: the alerts are not all this case's, or none would be left.
    """
    chosen = tuple(sorted(set(alert_ids)))
    made = made_case_id(case_id, chosen, at_us)
    with engine.begin() as connection:
        row = _lock(connection, case_id)
        add_step(connection, case_id, Split(chosen, made), author, at_us=at_us)
        connection.execute(insert(cases).values(**_made(connection, row, made, chosen)))
        follow(connection, made, Begin(chosen, case_id), author, at_us=at_us)
    return made


def made_case_id(case_id: str, alert_ids: Sequence[str], at_us: int) -> str:
    """The id of a case that is split off: it follows from what was split off what, and when."""
    named: dict[str, Any] = {"from": case_id, "alert_ids": list(alert_ids), "at_us": str(at_us)}
    return hashlib.sha256(rfc8785.dumps(named)).hexdigest()


def _lock(connection: Connection, case_id: str) -> Any:
    query = select(cases).where(cases.c.case_id == case_id).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise case_unknown()
    return row


def _made(
    connection: Connection, row: Any, case_id: str, alert_ids: tuple[str, ...]
) -> dict[str, Any]:
    """A case like the one it came of, with these alerts; how many items and how much money those
    are nobody knows yet, and the course of a test was that of all."""
    body = msgspec.json.decode(row.body)
    body |= {"case_id": case_id, "alert_ids": list(alert_ids), "facts": {}}
    for of_all in ("exposure", "items"):
        body.pop(of_all, None)
    change = connection.execute(select(func.max(cases.c.change))).scalar() or 0
    return {
        **row._asdict(),
        "case_id": case_id,
        "change": change + 1,
        "made_by_hand": True,
        "alerts": len(alert_ids),
        "exposure": None,
        "evidence_seq": None,
        "changed_us": None,
        "changed_by": None,
        "body": msgspec.json.encode(body),
    }
