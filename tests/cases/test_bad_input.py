"""Bad input gives a named signal or a documented default: no crash, no silent accusation."""

import pytest
from msgspec.structs import replace

from registry import Registry
from tests.cases.market import Market, item, sscc
from tests.rules.world import DEALER_A, DEALER_B, registry


def leaked(market: Market, lon: float, lat: float = 5.0) -> None:
    """Dealer A's goods out of many cases, read in one place."""
    market.home(40)
    for number in range(12):
        market.receive("A", [f"L{number}"], 30 + number, 1.0)
        market.read(f"L{number}", lon + 0.02 * (number % 4), lat, 8 + 2 * number)


def test_contradictory_custody_is_a_named_signal_and_accuses_nobody_of_a_leak() -> None:
    market = Market(registry())
    market.home(30)
    for number in range(12):
        serial = f"X{number}"
        market.pack(sscc(50), [serial], 1.0)
        market.pack(sscc(51), [serial], 1.1)
        for dealer in (DEALER_A, DEALER_B):
            market.move("receiving", [item(serial)], 2.0, dealer)
        market.move("retail_selling", [item(serial)], 3.0, disposition="retail_sold")
        market.move("retail_selling", [item(serial)], 3.5, disposition="retail_sold")
        market.read(serial, 12.0 + number % 3, 5.0, 6 + number)
    cases, _ = market.gather()
    assert {case.kind for case in cases} <= {"custody"}
    said = {signal.facts["contradiction"] for signal in market.signals("custody-contradiction")}
    assert {"two-containers", "sold-twice"} <= said


def test_a_territory_without_a_dealer_is_named_as_where_the_goods_went() -> None:
    market = Market(registry())
    leaked(market, 62.0)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("diversion", "D-A", "P")


def test_what_lies_in_no_territory_at_all_has_no_name_and_still_a_case() -> None:
    market = Market(registry())
    leaked(market, 40.0)
    [case], _ = market.gather()
    assert (case.dealer_id, case.territory_id) == ("D-A", None)


def test_of_a_dealer_without_scans_nothing_is_found() -> None:
    market = Market(registry())
    for number in range(20):
        market.receive("B", [f"N{number}"], 70 + number, 1.0)
    market.home(30)
    assert market.gather()[0] == []


def test_an_item_that_nobody_ever_shipped_accuses_nobody_wherever_it_is_read() -> None:
    market = Market(registry())
    market.home(30)
    for number in range(30):
        market.read(f"Q{number}", 15.0, 5.0, 4 + 0.5 * number)
    assert market.gather()[0] == []


@pytest.mark.parametrize("ahead", [False, True])
def test_time_that_runs_backwards_changes_neither_dealer_nor_place_and_accuses_nobody(
    ahead: bool,
) -> None:
    market = Market(registry())
    market.home(30)
    market.receive("A", ["T1", "T2"], 90, 5.0)
    # Each read says that it was before the one before; some before the goods were made.
    for number in range(12):
        market.read("T1", 2.0 + 0.3 * number, 5.0, 12.0 - 2.0 * number, late_days=3.0 * number)
    # The receipt is said to be before the shipping.
    market.move("receiving", [sscc(91)], 3.0, DEALER_A)
    market.move("shipping", [sscc(91)], 4.0 if ahead else 2.0, DEALER_A)
    assert [case.kind for case in market.gather()[0] if case.kind != "custody"] == []


def test_a_registry_without_dealers_territories_and_products_accuses_nobody() -> None:
    empty = replace(
        registry().rows, dealers=(), territories=(), authorisations=(), sites=(), permits=(),
        products=(),
    )  # fmt: skip
    market = Market(Registry(empty))
    for number in range(12):
        market.read(f"E{number}", 15.0, 5.0, 4 + number)
    cases, _ = market.gather()
    assert [case.dealer_id for case in cases] == [None] * len(cases)
    assert {case.kind for case in cases} <= {"clone"}
