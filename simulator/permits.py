"""Permits: where a dealer that asks for one has nothing, and the row that lets it sell there."""

from collections.abc import Set
from datetime import UTC, datetime

from registry.model import Permit
from simulator.calendar import DAY
from simulator.chance import Chance
from simulator.country import Town
from simulator.market import Market, Party


def state_abroad(
    market: Market, party: Party, chance: Chance, but: Set[str] = frozenset()
) -> tuple[str, list[Town]]:
    """A state in which the dealer has nothing, nor any of these territories; its towns, the
    largest first."""
    states = [
        s
        for s in market.country.states
        if not set(market.ids_of_state(s.territory_id)) & (party.home | but)
    ]
    state = chance.one_of(states).territory_id
    return state, sorted(market.country.towns_of({state}), key=lambda t: -t.weight)


def permit_for(
    number: int,
    party: Party,
    gtins: list[str],
    territory_ids: list[str],
    goods_ms: int,
    until_ms: int,
    quantity: int,
) -> Permit:
    """For so many items, from the day before they are made; known two days earlier."""
    return Permit(
        permit_id=f"PM-{number:03d}",
        dealer_id=party.dealer.dealer_id,
        gtins=gtins,
        territory_ids=territory_ids,
        valid_from=_time(goods_ms - DAY),
        valid_to=_time(until_ms),
        quantity=quantity,
        recorded_at=_time(goods_ms - 3 * DAY),
    )


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
