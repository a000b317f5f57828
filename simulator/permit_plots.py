"""Dealers who were permitted to sell a little elsewhere, and sell much."""

from simulator.chance import Chance
from simulator.lots import Lot
from simulator.market import Party
from simulator.overrun import Overrun
from simulator.permits import state_abroad
from simulator.plots import LEAST_SEEN, SMALL, Plotting

LOTS = 4
LEAST_ITEMS = 80
"""Of fewer items too few are seen to use up a permit and to be a leak afterwards."""
QUANTITY = 0.07
"""Of the items that go there, so many are permitted; about a quarter is ever seen at a place."""


def plan_overruns(plotting: Plotting, chance: Chance) -> None:
    """In worlds of some size, one for every 4,000 items, as long as dealers have lots."""
    if not plotting.level.culprits or plotting.items < SMALL:
        return
    busy = {"D002", *(leak.party.dealer.dealer_id for leak in plotting.plots.leaks)}
    parties = [p for p in plotting.market.receivers if p.dealer.dealer_id not in busy]
    chance.shuffle(parties)
    large = [(party, _lots_of(party, plotting)) for party in parties]
    large = [(party, lots) for party, lots in large if _items_of(lots) >= LEAST_ITEMS]
    for party, lots in large[: 1 + plotting.items // 4000]:
        _overrun(party, lots, plotting, chance)


def _lots_of(party: Party, plotting: Plotting) -> list[Lot]:
    """Some that follow one another, the first some weeks after the world's beginning."""
    free = [lot for lot in plotting.lots if lot.plain and lot.seller is party]
    begin = len(free) // 3
    return free[begin : begin + LOTS]


def _items_of(lots: list[Lot]) -> int:
    return sum(sum(lot.cases) for lot in lots)


def _overrun(party: Party, lots: list[Lot], plotting: Plotting, chance: Chance) -> None:
    permits = [p for p in plotting.plots.permits if p.dealer_id == party.dealer.dealer_id]
    permitted = {territory_id for permit in permits for territory_id in permit.territory_ids}
    state, towns = state_abroad(plotting.market, party, chance, permitted)
    share = 0.6 if plotting.level.leaks_hide else 1.0
    items = _items_of(lots)
    gtins = sorted({lot.product.gtin for lot in lots})
    quantity = max(4, round(QUANTITY * share * items))
    permit = plotting.permit(party, gtins, state, lots[0].begins_ms, quantity)
    town = chance.one_of(towns[:8])
    incident = plotting.incident(
        "diversion",
        "permit-exceeded",
        ["permit-exceeded", "dealer-leak"],
        dealer_id=party.dealer.dealer_id,
        territory_id=plotting.market.territory_at(town.place),
        gtins=set(gtins),
        least_seen=LEAST_SEEN,
    )
    told = plotting.innocent("permit-used-up", party.dealer.dealer_id, incident.territory_id)
    overrun = Overrun(incident, told, town, frozenset(permit.territory_ids), quantity, share)
    plotting.plots.overruns.append(overrun)
    for lot in lots:
        lot.fate.overrun = overrun
