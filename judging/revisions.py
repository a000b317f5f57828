"""Which of several judgements of one subject counts, in whatever order they come.

A judgement speaks of all events of its subject from an order on, as of a revision. What a later
revision speaks of, an earlier one no longer does.
"""

from typing import NamedTuple

from events.identity import Identity

Order = tuple[int, Identity]
"""Time of happening in microseconds, then identity."""


class Floor(NamedTuple):
    """From ``since`` on, nothing below ``revision`` counts."""

    since: Order
    revision: int


class Floors:
    """The floors of one subject; those that another one covers are dropped, so few remain."""

    def __init__(self, floors: list[Floor] | None = None) -> None:
        self.floors = floors or []

    def counts(self, order: Order, revision: int) -> bool:
        """Whether what a revision says of the event at ``order`` still counts."""
        return all(
            floor.revision <= revision for floor in self.floors if floor.since <= order
        )

    def add(self, since: Order, revision: int) -> None:
        """A judgement of this revision has come."""
        if any(f.since <= since and f.revision >= revision for f in self.floors):
            return
        kept = [f for f in self.floors if not (f.since >= since and f.revision <= revision)]
        self.floors = sorted([*kept, Floor(since, revision)])
