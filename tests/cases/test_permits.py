"""A permit's quantity counts what was shipped to, received or seen in its area, each item once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from events.model import ItemEvent
from registry import Registry
from registry.model import Permit
from tests.cases.market import Market, item, permit, sscc
from tests.rules.world import FOREIGN_SITE, registry

CASE, OTHER_CASE, PALLET = sscc(1), sscc(2), sscc(3)
EIGHT = [f"C{number}" for number in range(8)]
LOOSE = ["L0", "L1", "L2", "L3"]


def market_with(*permits: Permit) -> Market:
    """Dealer A has a case of eight, another of none yet, and loose items; B is permitted."""
    market = Market(registry())
    market.registry = Registry(replace(market.registry.rows, permits=permits or (permit(),)))
    market.pack(CASE, EIGHT, 0.0)
    market.move("receiving", [CASE, *map(item, LOOSE)], 1.0, "9506000100067")
    return market


def beyond(market: Market) -> list[str]:
    """Serials that were seen in B after the quantity, in order."""
    _, signals = market.gather()
    return [str(s.facts["item"]).rpartition("/")[2] for s in signals if s.rule == "permit-exceeded"]


def see_the_loose_ones(market: Market, day: float = 10.0) -> None:
    for number, serial in enumerate(LOOSE):
        market.read(serial, 15.0, 5.0, day + number)


def received(market: Market, *units: str, day: float = 5.0, **more: Any) -> ItemEvent:
    market.move("receiving", units, day, site=FOREIGN_SITE, **more)
    event = market.events[-1]
    assert isinstance(event, ItemEvent)
    return event


def test_a_case_that_is_received_there_counts_its_items_and_they_may_be_seen() -> None:
    market = market_with()
    received(market, CASE)
    see_the_loose_ones(market)
    for number, serial in enumerate(EIGHT):
        market.read(serial, 15.0, 5.0, 20.0 + number)
    assert beyond(market) == ["L2", "L3"]


def twice(market: Market) -> None:
    market.move("shipping", [CASE], 4.0, FOREIGN_SITE)
    received(market, CASE)


def returned_and_sent_again(market: Market) -> None:
    received(market, CASE)
    market.move("receiving", [CASE], 6.0, "9506000100067")
    received(market, CASE, day=7.0)


def on_a_pallet(market: Market) -> None:
    market.stack(CASE, [item(serial) for serial in EIGHT[4:]], 1.5, action="DELETE")
    market.pack(OTHER_CASE, EIGHT[4:], 1.6)
    market.stack(PALLET, [CASE, OTHER_CASE], 1.7)
    market.move("receiving", [PALLET], 1.8, "9506000100067")
    received(market, PALLET)


def shipped_as_a_case_and_received_item_by_item(market: Market) -> None:
    market.move("shipping", [CASE], 4.0, FOREIGN_SITE)
    received(market, *map(item, EIGHT))


def seen_before_custody_tells_of_it(market: Market) -> None:
    market.read("C0", 15.0, 5.0, 6.0)
    market.read("C1", 15.0, 5.0, 6.5)
    received(market, CASE, late_days=2.0)


def packed_as_is_learned_late(market: Market) -> None:
    market.stack(CASE, [item(serial) for serial in EIGHT], 1.5, action="DELETE")
    market.move("receiving", [OTHER_CASE], 1.8, "9506000100067")
    received(market, OTHER_CASE)
    market.pack(OTHER_CASE, EIGHT, 2.0, late_days=5.0)


@pytest.mark.parametrize(
    "happens",
    [
        twice, returned_and_sent_again, on_a_pallet, shipped_as_a_case_and_received_item_by_item,
        seen_before_custody_tells_of_it, packed_as_is_learned_late,
    ],
)  # fmt: skip
def test_however_often_an_item_is_told_of_it_counts_once(
    happens: Callable[[Market], None],
) -> None:
    market = market_with()
    happens(market)
    see_the_loose_ones(market)
    assert beyond(market) == ["L2", "L3"]


def test_a_case_that_has_no_room_takes_nothing_of_the_quantity() -> None:
    market = market_with(permit(quantity=7))
    received(market, CASE)
    for number, serial in enumerate(EIGHT):
        market.read(serial, 15.0, 5.0, 20.0 + number)
    assert beyond(market) == ["C7"]


def test_a_receipt_that_was_declared_wrong_counts_nothing() -> None:
    market = market_with(permit(quantity=4))
    event = received(market, *map(item, EIGHT[:4]))
    see_the_loose_ones(market)
    assert beyond(market) == LOOSE
    market.take_back(event, 5.5)
    assert beyond(market) == []


def test_two_permits_are_used_up_one_after_the_other() -> None:
    soon = permit(permit_id="SOON", quantity=8, valid_to=datetime(2026, 6, 1, tzinfo=UTC))
    market = market_with(permit(quantity=3), soon)
    received(market, CASE)
    see_the_loose_ones(market)
    assert beyond(market) == ["L3"]


@pytest.mark.parametrize(
    "other",
    [
        {"gtins": ["09506000001029"]},
        {"territory_ids": ["A"]},
        {"valid_to": datetime(2026, 2, 2, tzinfo=UTC)},
        {"recorded_at": datetime(2026, 2, 20, tzinfo=UTC)},
    ],
)
def test_what_moved_under_another_permit_takes_nothing_of_this_one(other: dict[str, Any]) -> None:
    market = market_with(permit(permit_id="OTHER", quantity=100, **other), permit(quantity=12))
    received(market, CASE)
    see_the_loose_ones(market)
    assert beyond(market) == []
