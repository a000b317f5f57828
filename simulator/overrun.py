"""A permit whose quantity is exceeded: what is seen under it, and what is seen afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.country import Town
from simulator.scans import Seen
from simulator.truth import Incident, Innocent


class _Sight(NamedTuple):
    """A scan in the permit's area, in order of receipt."""

    received_ms: int
    event_id: str
    item_uri: str
    territory_id: str


@dataclass
class Overrun:
    """A dealer sells more in a town than its permit allows. Which items are too many is known at
    the end only: those first seen there after as many others as the permit has."""

    incident: Incident
    told: Innocent
    """The sale as far as it was reported."""
    town: Town
    territory_ids: frozenset[str]
    quantity: int
    share: float
    """The share of the goods that goes there."""
    _seen: list[_Sight] = field(default_factory=list)

    def note(self, item_uri: str, territory_id: str | None, scans: Sequence[Seen]) -> None:
        """An item was read there; those that say no place count for nothing."""
        if territory_id in self.territory_ids:
            self._seen += [
                _Sight(seen.received_ms, seen.event_id, item_uri, territory_id)
                for seen in scans
                if seen.located
            ]

    def settle(self) -> None:
        """Share the scans out between the sale that was reported and what went beyond it."""
        allowed: set[str] = set()
        for sight in sorted(self._seen):
            if len(allowed) < self.quantity:
                allowed.add(sight.item_uri)
            if sight.item_uri in allowed:
                self.told.add(sight.event_id, sight.received_ms)
            else:
                self.incident.add(sight.event_id, sight.received_ms, sight.item_uri)
                self.incident.reveal(
                    sight.event_id, sight.received_ms, sight.item_uri, sight.territory_id
                )
