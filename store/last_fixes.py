"""The last fix of each tracker, and the tick before one: what time has passed since."""

from collections.abc import Collection

from sqlalchemy import Connection, text

from events.model import Position
from events.timed import Timed
from events.wire import decode_event
from store.columns import as_list, rows_of


def last_fixes(
    connection: Connection, trackers: Collection[str], from_us: int
) -> list[Timed[Position]]:
    """The newest fix of each tracker that has one from then on."""
    query = text(
        "SELECT e.identity, e.happened_us, e.received_us, e.raw FROM"
        f" (SELECT value FROM {rows_of(connection, 'trackers')} AS t) AS tracker"
        " JOIN events e ON e.subject = tracker.value AND e.kind = 'position'"
        " AND e.happened_us = (SELECT max(happened_us) FROM events"
        " WHERE subject = tracker.value AND kind = 'position' AND happened_us >= :begin)"
    )
    values = {"trackers": as_list(trackers), "begin": from_us}
    found: list[Timed[Position]] = []
    for identity, at_us, received_us, raw in connection.execute(query, values):
        position: Position = decode_event(raw)  # type: ignore[assignment]
        found.append(Timed(identity, at_us, received_us, position))
    return found


def tick_before(connection: Connection, received_us: int) -> int:
    """When the last tick before then was received; 0 where there is none."""
    query = text(
        "SELECT max(received_us) FROM events WHERE kind = 'tick' AND received_us < :then"
        " AND subject = ''"
    )
    return int(connection.execute(query, {"then": received_us}).scalar() or 0)
