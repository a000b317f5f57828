"""Trucks that leave their corridor or fall silent: for worse, and for reasons that are nobody's
fault."""

from typing import Any

from simulator.calendar import MINUTE
from simulator.chance import Chance
from simulator.earth import distance_m
from simulator.lots import Lot
from simulator.plots import Plotting
from simulator.truth import Incident
from simulator.wrong_ways import Detour, Hush

FAR_M = 250e3
"""On shorter ways hardly a place is far from all where a truck may rest."""
OFF_SEEN = 12
"""A truck that so few pings show off its corridor could not be told from one at a closed road."""


def plan_roads(plotting: Plotting, chance: Chance) -> None:
    """Give lots that nothing befalls yet a tracker and something to be seen by it."""
    for _ in range(1 + plotting.items // 4000):
        if plotting.level.culprits:
            if lot := _take(plotting, chance):
                _leaves_corridor(plotting, lot, chance)
            if lot := _take(plotting, chance):
                _falls_silent(plotting, lot, chance)
        if lot := _take(plotting, chance):
            told = plotting.innocent("closed-road", lot.party.dealer.dealer_id, None)
            lot.fate.detour = Detour(told, chance.between(13e3, 17e3), is_wide=False)
        if lot := _take(plotting, chance):
            told = plotting.innocent("tracker-without-power", lot.party.dealer.dealer_id, None)
            lot.fate.hush = Hush(told, chance.integer(125, 155) * MINUTE, for_good=False)


def _take(plotting: Plotting, chance: Chance) -> Lot | None:
    """One that goes far, without a tracker: those with one are driven by another stream."""
    lot = plotting.take(lambda lot: not lot.tracked and _goes_far(lot), chance)
    if lot is not None:
        lot.tracked = True
    return lot


def _goes_far(lot: Lot) -> bool:
    goal = lot.party.warehouse(lot.begins_ms).town.place
    return distance_m(lot.origin.town.place, goal) > FAR_M


def _on_the_road(plotting: Plotting, lot: Lot, pattern: str, rule: str, **more: Any) -> Incident:
    """An incident of a lot's truck, which its dealer answers for."""
    return plotting.incident(
        "transport",
        pattern,
        [rule],
        dealer_id=lot.party.dealer.dealer_id,
        shipment_ids=[lot.shipment_id],
        **more,
    )


def _leaves_corridor(plotting: Plotting, lot: Lot, chance: Chance) -> None:
    """Far around and without a stop: somebody was met, or a toll was saved."""
    rule = "shipment-off-corridor"
    incident = _on_the_road(plotting, lot, "off-corridor", rule, least_seen=OFF_SEEN)
    near, far = (55e3, 65e3) if plotting.level.leaks_hide else (65e3, 85e3)
    lot.fate.detour = Detour(incident, chance.between(near, far), is_wide=True)


def _falls_silent(plotting: Plotting, lot: Lot, chance: Chance) -> None:
    """Hours at rest that nobody sees; or the tracker is torn off, and the goods come much later."""
    incident = _on_the_road(plotting, lot, "tracker-silent", "tracker-silent")
    for_good = chance.happens(0.4)
    shortest, longest = (225, 270) if plotting.level.leaks_hide else (270, 420)
    if for_good:
        shortest, longest = 13 * 60, 16 * 60
    lot.fate.hush = Hush(incident, chance.integer(shortest, longest) * MINUTE, for_good)
