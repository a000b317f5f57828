"""The how-many-th query: earlier scans of an item, counted by sessions: a retry is no copy."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from events.model import Location, Scan


class History(NamedTuple):
    """``number`` is this visit's place among all queries (None where it is no query itself),
    ``total`` how many there are, ``capped`` whether there may be more than were looked at;
    ``first_location`` is that of the earliest scan that has one."""

    number: int | None
    total: int
    capped: bool
    first_at: datetime | None
    first_location: Location | None


def history_of(scans: Sequence[Scan], session: str | None, *, most: int) -> History:
    """The history that an item's scans, in order of time, make for one session."""
    sessions: dict[str, None] = {}
    for scan in scans:
        sessions.setdefault(scan.session or f"scan:{scan.event_id}")
    order = {name: place for place, name in enumerate(sessions, start=1)}
    located = next((scan.location for scan in scans if scan.location is not None), None)
    return History(
        number=order.get(session) if session is not None else None,
        total=len(order),
        capped=len(scans) >= most,
        first_at=scans[0].scanned_at.astimezone(UTC) if scans else None,
        first_location=located,
    )
