"""All rules, by what they judge. A new rule is one file, one card, and one line here."""

from typing import Any

from custody import Custody
from events.model import Scan
from registry import Registry
from rules.code_cloned import CodeCloned, Seen
from rules.code_invalid import CodeInvalid
from rules.code_not_active import CodeNotActive
from rules.code_unknown import CodeUnknown
from rules.custody_contradiction import CustodyContradiction, Handled
from rules.hidden_code_reused import FirstUse, HiddenCodeReused
from rules.impossible_travel import Fix as TravelFix
from rules.impossible_travel import ImpossibleTravel
from rules.item import OURS
from rules.item_inactive import WORDS_ZH as ENDED
from rules.item_inactive import ItemInactive
from rules.received_by_wrong_dealer import ReceivedByWrongDealer
from rules.received_elsewhere import Headed, ReceivedElsewhere
from rules.scan_outside_territory import ScanOutsideTerritory
from rules.shipment_off_corridor import ShipmentOffCorridor, Stray
from rules.shipment_opened import ON_ITS_WAY, ShipmentOpened
from rules.shipment_outside_territories import ShipmentOutsideTerritories
from rules.shipment_stopped import ShipmentStopped
from rules.sighting import Visits
from rules.stay import Fix, Stay
from rules.temperature_excursion import Excursion, TemperatureExcursion
from rules.tracker_silent import TrackerSilent

ITEM_RULES: tuple[Any, ...] = (
    CodeInvalid(),
    CodeUnknown(),
    ItemInactive(),
    ScanOutsideTerritory(),
    ImpossibleTravel(),
    HiddenCodeReused(),
    ShipmentOpened(),
    CodeCloned(),
    CodeNotActive(),
)
ItemStates = tuple[
    None, None, None, Visits | None, TravelFix | None, FirstUse | None, None, Seen, None
]

_INITIAL_ITEM_STATES: ItemStates = tuple([rule.initial for rule in ITEM_RULES])
_RULES_FOR = {
    (is_placed, is_odd): tuple(
        (index, rule.step)
        for index, rule in enumerate(ITEM_RULES)
        if (is_placed if rule.concerns == "placed" else is_odd)
    )
    for is_placed in (False, True)
    for is_odd in (False, True)
}
_ODD_DISPOSITIONS = frozenset([*ENDED, ON_ITS_WAY])


def steps_for(
    scan: Scan, custody: Custody, registry: Registry, known_us: int
) -> tuple[tuple[int, Any], ...]:
    """The steps of the item rules that a scan may concern, each with the rule's index. Of others a
    rule says nothing and remembers nothing (tests/rules/test_catalogue.py).

    Odd is a code that is not the item's own, hidden, not issued, of no product or to be on no item;
    and an item whose life has ended or that is on its way.
    """
    at, is_ours = scan.location, scan.signature in OURS
    is_odd = (
        not is_ours
        or custody.disposition in _ODD_DISPOSITIONS
        or scan.hidden_code is not None
        or scan.activation is not None
        or scan.issued is False
        or (scan.gtin is not None and registry.product(scan.gtin, known_us) is None)
    )
    return _RULES_FOR[is_ours and at is not None and at.source != "ip", is_odd]


SHIPMENT_RULES: tuple[Any, ...] = (
    ShipmentOutsideTerritories(),
    ShipmentStopped(),
    ShipmentOffCorridor(),
    TrackerSilent(),
    TemperatureExcursion(),
    ReceivedByWrongDealer(),
)
SILENT = next(i for i, rule in enumerate(SHIPMENT_RULES) if isinstance(rule, TrackerSilent))
"""Which of them is asked when time passes, too."""
ShipmentStates = tuple[
    Stay | None, Stay | None, Stray | None, Fix | None, Excursion | None, None
]

HANDLING_RULES: tuple[Any, ...] = (CustodyContradiction(), ReceivedElsewhere())
HandlingStates = tuple[Handled, Headed]

GATHERED_RULES = (
    "dealer-leak", "case-surfaced", "codes-copied", "permit-exceeded", "order-abnormal",
    "price-below-floor",
)
"""Rules over many subjects: ``cases`` judges them as it gathers what the others say."""


def initial_item_states() -> ItemStates:
    """The states before the first event, in the order of the rules."""
    return _INITIAL_ITEM_STATES


def initial_shipment_states() -> ShipmentStates:
    """The states before the first event, in the order of the rules."""
    return tuple(rule.initial for rule in SHIPMENT_RULES)


def initial_handling_states() -> HandlingStates:
    """The states before the first event, in the order of the rules."""
    return tuple(rule.initial for rule in HANDLING_RULES)


def rule_ids() -> list[str]:
    """The ids of all rules; two ways of finding one thing are one rule."""
    judged = (*ITEM_RULES, *SHIPMENT_RULES, *HANDLING_RULES)
    return list(dict.fromkeys([*(rule.id for rule in judged), *GATHERED_RULES]))
