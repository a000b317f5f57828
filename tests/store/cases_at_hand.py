"""Cases in the database, for tests of what people do with them."""

from typing import Any

import msgspec
from sqlalchemy import Engine, insert

from store.schema.cases import cases

OPENED_US = 1_777_000_000_000_000


def case_body(name: str, alert_ids: tuple[str, ...], **more: Any) -> dict[str, Any]:
    """A case in the form of ``cases.jsonl``."""
    return {
        "case_id": name,
        "kind": "diversion",
        "subject": {"type": "dealer", "id": "D1"},
        "dealer_id": "D1",
        "territory_id": "P2",
        "gtins": ["09506000134352"],
        "opened_at": "2026-04-24T03:06:40Z",
        "opening_event_id": "s-1",
        "alert_ids": list(alert_ids),
        "confidence": 0.97,
        "tier": 2,
        "exposure": {"amount": "1200.00", "currency": "CNY", "basis": "items-known"},
        **more,
    }


def add_case(
    engine: Engine, name: str, *, alert_ids: tuple[str, ...] = ("a1", "a2", "a3"), change: int,
    opened_us: int = OPENED_US, holds: bool = True, **more: Any,
) -> None:  # fmt: skip
    """A case with its alerts given, as a split makes it: nobody has to gather them."""
    body = case_body(name, alert_ids, **more)
    exposure = body.get("exposure")
    row = {
        "case_id": name,
        "change": change,
        "holds": holds,
        "made_by_hand": True,
        "kind": body["kind"],
        "tier": body["tier"],
        "confidence": body["confidence"],
        "dealer_id": body.get("dealer_id"),
        "territory_id": body.get("territory_id"),
        "opened_us": opened_us,
        "alerts": len(alert_ids),
        "exposure": exposure and exposure["amount"],
        "body": msgspec.json.encode(body),
    }
    with engine.begin() as connection:
        connection.execute(insert(cases).values(row))
