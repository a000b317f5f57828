"""Shipments whose trackers should have spoken by now: what a tick lets a worker judge."""

from collections.abc import Iterable

from sqlalchemy import Connection

from events.model import Tick
from judging.silences import deadlines
from registry import Registry
from registry.authority import DAY_US
from registry.known import BEFORE_EVERYTHING, instant
from store.incoming import Incoming
from store.last_fixes import last_fixes, tick_before

SPARE_US = 3_600_000_000
"""So far before the last tick deadlines are looked at again: fixes that were stored meanwhile on
another partition may not have seen that tick, nor it them."""
LONGEST_US = 30 * DAY_US
"""Silences that began longer ago were told of when they were due."""


def overdue_shipments(
    connection: Connection, incoming: Iterable[Incoming], registry: Registry
) -> list[tuple[str, int, str]]:
    """(shipment, from when on to judge it again, the tick that let time pass)."""
    ticks = [event.timed for event in incoming if isinstance(event.timed.event, Tick)]
    if not ticks:
        return []
    now = max(ticks, key=lambda tick: tick.received_us)
    since_us = tick_before(connection, min(tick.received_us for tick in ticks)) - SPARE_US
    trackers = sorted({
        row.tracker_id
        for row in registry.rows.shipments
        if row.tracker_id is not None and row.route
        and instant(row.depart_after, absent=BEFORE_EVERYTHING) - DAY_US <= now.received_us
    })  # fmt: skip
    found = []
    for fix in last_fixes(connection, trackers, since_us - LONGEST_US):
        for key in registry.shipments_for_fix(fix.event.tracker_id, fix.at_us, fix.received_us):
            due = [one.at_us for one in deadlines(key, fix, registry)]
            if any(since_us < at_us <= now.received_us for at_us in due):
                found.append((key, min(due), now.identity))
    return found
