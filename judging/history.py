"""Stored events as judging reads them; the database and replay's spool both answer."""

from collections.abc import Collection, Mapping
from typing import Protocol

from custody import Role, Step
from events.identity import Identity
from events.model import Position, Scan
from events.timed import Timed


class History(Protocol):
    """Reads stored events by what they are about; unknown keys are simply absent."""

    def scans_of(self, items: Collection[str]) -> Mapping[str, list[Timed[Scan]]]:
        """All scans of each item."""

    def steps_of(self, epcs: Collection[str]) -> Mapping[str, list[tuple[Step, Role]]]:
        """All item events that name each EPC, and its role in them."""

    def contents_of(
        self, identities: Collection[Identity]
    ) -> Mapping[Identity, tuple[str, ...]]:
        """What each item event names as put into, or taken out of, a container; in order."""

    def now_us(self) -> int:
        """The largest arrival of any event or tick: time, as judging knows it."""

    def packings_of(self, epcs: Collection[str]) -> Mapping[str, list[Step]]:
        """The item events that name each EPC as a container."""

    def positions_of(
        self, tracker_id: str, from_us: int, to_us: int
    ) -> list[Timed[Position]]:
        """The tracker's fixes in ``[from_us, to_us)``."""
