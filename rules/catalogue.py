"""All rules, by what they judge. A new rule is one file, one card, and one line here."""

from typing import Any

from rules.code_invalid import CodeInvalid
from rules.code_unknown import CodeUnknown
from rules.hidden_code_reused import FirstUse, HiddenCodeReused
from rules.impossible_travel import Fix as TravelFix
from rules.impossible_travel import ImpossibleTravel
from rules.item_inactive import ItemInactive
from rules.scan_outside_territory import ScanOutsideTerritory
from rules.shipment_outside_territories import ShipmentOutsideTerritories, Stay
from rules.sighting import Visits

ITEM_RULES: tuple[Any, ...] = (
    CodeInvalid(),
    CodeUnknown(),
    ItemInactive(),
    ScanOutsideTerritory(),
    ImpossibleTravel(),
    HiddenCodeReused(),
)
ItemStates = tuple[None, None, None, Visits | None, TravelFix | None, FirstUse | None]

SHIPMENT_RULES: tuple[Any, ...] = (ShipmentOutsideTerritories(),)
ShipmentStates = tuple[Stay | None]


def initial_item_states() -> ItemStates:
    """The states before the first event, in the order of the rules."""
    return tuple(rule.initial for rule in ITEM_RULES)


def initial_shipment_states() -> ShipmentStates:
    """The states before the first event, in the order of the rules."""
    return tuple(rule.initial for rule in SHIPMENT_RULES)


def rule_ids() -> list[str]:
    """The ids of all rules."""
    return [rule.id for rule in (*ITEM_RULES, *SHIPMENT_RULES)]
