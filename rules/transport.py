"""What the rules of a shipment share: fixes and item events, and the plan they are held against."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from custody import Step
from events.model import Position
from events.timed import Timed
from registry import Policy, Registry
from registry.model import Shipment
from rules.contents import NOTHING, Contents
from rules.model import Place, Subject

POSITION_LEVEL = 0.68


class ShipmentContext(NamedTuple):
    """The shipment's plan and the registry as known at ``known_us``; what is in the units that are
    not ``received`` yet, as far as that is known; and which units an item event names."""

    shipment: Shipment
    registry: Registry
    known_us: int
    contents: Mapping[str, Contents] = {}
    received: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def aboard(self) -> dict[str, Contents]:
        """What is in each unit that was not received yet; nothing where nobody told."""
        left = [unit for unit in self.shipment.ssccs if unit not in self.received]
        return self.within(left)

    def within(self, units: Iterable[str]) -> dict[str, Contents]:
        """What is in these units; nothing where nobody told."""
        return {unit: self.contents.get(unit, NOTHING) for unit in units}

    @property
    def policy(self) -> Policy:
        """The thresholds in force for it."""
        return self.registry.policy(self.known_us)


ShipmentInput = Timed[Position] | Timed[Step]
"""A fix that belongs to the shipment, or an item event that touches one of its logistic units."""


def shipment_subject(context: ShipmentContext) -> Subject:
    """The shipment by its id."""
    return Subject("shipment", context.shipment.shipment_id)


def place_of_position(position: Position) -> Place:
    """Where the tracker was; trackers say ``gnss`` at level 0.68 (INTERFACES)."""
    return Place(
        position.lon, position.lat, position.accuracy_m, POSITION_LEVEL, "gnss", position.crs
    )
