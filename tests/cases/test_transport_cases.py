"""Shipments that come to a case, and what they carry; and those that are an alert alone."""

from datetime import timedelta

import pytest

from cases.exposure import exposure_of
from events.model import Tick
from registry import Policy
from tests.cases.market import BEGIN, Market, sscc
from tests.rules.world import DEALER_A, GTIN, SSCC_ON_ROUTE, registry


def under_way(items: int = 12) -> Market:
    """A load on the road from the middle of the route on, an hour after it left."""
    market = Market(registry())
    market.pack(SSCC_ON_ROUTE, [f"T{number}" for number in range(items)], 0.5)
    market.move("shipping", [SSCC_ON_ROUTE], 1.0, DEALER_A, disposition="in_transit")
    for number in range(4):
        market.fix("T-2", 1.0 + number / 48, 8.0 - 0.3 * number, 5.0)
    return market


def tick(market: Market, day: float) -> None:
    at = BEGIN + timedelta(days=day)
    market.events.append(Tick(event_id=f"t{day}", received_at=at))


def test_a_truck_that_is_never_heard_of_again_is_a_case_of_all_that_it_carries() -> None:
    market = under_way()
    tick(market, 1.2)
    assert market.gather()[0] == []
    tick(market, 3.0)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.gtins) == ("transport", "D-A", {GTIN: 12})
    exposure = exposure_of(case, market.registry, case.known_us, Policy())
    assert exposure is not None
    assert (exposure.amount, exposure.known_items) == ("120.00", 12)


def test_a_load_of_which_nobody_told_the_contents_says_so_and_has_no_amount() -> None:
    market = under_way()
    del market.events[0]
    tick(market, 3.0)
    [case], _ = market.gather()
    assert (case.item_count, case.unknown_units) == (0, 1)
    assert exposure_of(case, market.registry, case.known_us, Policy()) is None


def test_leaving_the_corridor_and_coming_back_is_an_alert_and_no_case() -> None:
    market = under_way()
    for number in range(8):
        market.fix("T-2", 1.08 + number / 192, 6.9 - 0.03 * number, 5.2)
    market.fix("T-2", 1.14, 6.5, 5.0)
    market.fix("T-2", 1.18, 5.0, 5.0)
    market.move("receiving", [SSCC_ON_ROUTE], 1.3, DEALER_A)
    tick(market, 9.0)
    assert [one.rule for one in market.signals("shipment-off-corridor")] == [
        "shipment-off-corridor"
    ]
    assert market.gather()[0] == []


def test_goods_on_a_load_that_arrived_are_at_stake_no_longer() -> None:
    market = under_way()
    market.move("receiving", [SSCC_ON_ROUTE], 1.4, DEALER_A)
    tick(market, 9.0)
    assert market.gather()[0] == []


@pytest.mark.parametrize(
    ("reads", "opened_in"),
    [
        ([(2.0, 14.0), (2.5, 14.1)], ["B"]),
        ([(2.0, 65.0), (2.5, 65.1)], ["P"]),  # where dealer A has a permit for another product
        ([(2.0, 14.0)], []),
        ([(5.0, 14.0), (5.5, 14.1)], []),
        ([(2.0, 14.0), (2.5, 18.0)], []),
    ],
)
def test_goods_without_a_row_are_opened_if_two_are_read_in_one_place_soon_after_shipping(
    reads: list[tuple[float, float]], opened_in: list[str]
) -> None:
    market = Market(registry())
    market.pack(sscc(77), ["T0", "T1", "T2"], 0.5)
    market.move("shipping", [sscc(77)], 1.0, DEALER_A, disposition="in_transit")
    for number, (day, lon) in enumerate(reads):
        market.read(f"T{number}", lon, 6.0, day)
    found, _ = market.gather()
    assert [(case.kind, case.dealer_id, case.territory_id, case.subject) for case in found] == [
        ("transport", "D-A", where, ("logistic-unit", sscc(77))) for where in opened_in
    ]


def test_goods_without_a_row_that_were_shipped_together_are_opened_together() -> None:
    market = Market(registry())
    for number in (77, 78):
        market.pack(sscc(number), [f"T{number}"], 0.5)
    market.move("shipping", [sscc(77), sscc(78)], 1.0, DEALER_A, disposition="in_transit")
    for number in (77, 78):
        market.read(f"T{number}", 14.0, 6.0, 0.02 * number)
    assert [case.kind for case in market.gather()[0]] == ["transport"]
