"""Cases that hold, in the form and order of ``cases.jsonl``."""

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from store.case_alerts import alert_ids_of
from store.schema.cases import cases


def published_cases(connection: Connection) -> list[dict[str, Any]]:
    """All cases that judging finds, by the time of opening, then id."""
    query = select(cases.c.case_id, cases.c.opened_us, cases.c.body)
    mine = query.where(cases.c.holds, cases.c.made_by_hand.is_(False))
    rows = connection.execute(mine.order_by(cases.c.opened_us, cases.c.case_id)).all()
    alert_ids = alert_ids_of(connection, [row.case_id for row in rows])
    return [msgspec.json.decode(row.body) | {"alert_ids": alert_ids[row.case_id]} for row in rows]
