"""Which alerts a case has now: those of its keys that hold, or those that people gave it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, text

from store.columns import as_list, rows_of


def alert_ids_of(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[str]]:
    """The alerts of each case, by id."""
    query = text(
        "SELECT c.case_id, a.alert_id FROM case_alerts c "
        "JOIN alerts a ON a.rule = c.rule AND a.subject_id = c.subject_id "
        "AND a.subject_type = c.subject_type AND a.holds "
        f"WHERE c.case_id IN {rows_of(connection, 'ids')} ORDER BY a.alert_id"
    )
    found: dict[str, list[str]] = {case_id: [] for case_id in case_ids}
    for case_id, alert_id in connection.execute(query, {"ids": as_list(case_ids)}):
        found[case_id].append(alert_id)
    return found | _given(connection, case_ids)


def _given(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[str]]:
    query = text(
        "SELECT case_id, body FROM cases WHERE made_by_hand "
        f"AND case_id IN {rows_of(connection, 'ids')}"
    )
    rows = connection.execute(query, {"ids": as_list(case_ids)})
    return {row.case_id: msgspec.json.decode(bytes(row.body))["alert_ids"] for row in rows}
