"""Gathering: what becomes a case, whose, where, and that order and restarts change nothing."""

import random

import msgspec
import pytest
from msgspec.structs import replace

from cases.case import middle_of
from cases.exposure import Exposure, exposure_of
from cases.gather import Gathering, step
from registry import Policy, Registry
from tests.cases.market import Market, gathered, item, judgements, permit, sscc
from tests.rules.world import BRAND, DEALER_A, DEALER_B, GTIN, SSCC_ON_ROUTE, registry


def leaking(items: int = 10, day: float = 12.0) -> Market:
    market = Market(registry())
    market.home(40)
    for number in range(items):
        market.receive("A", [f"L{number}"], 30 + number, 1.0)
        market.read(f"L{number}", 15.0 + 0.01 * (number % 7), 5.0, day + 1.3 * number)
    return market


def test_a_leak_is_a_case_of_its_dealer_and_of_where_the_goods_went() -> None:
    [case], signals = leaking().gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("diversion", "D-A", "B")
    assert case.item_count == 10
    assert [signal.rule for signal in signals] == ["dealer-leak"]
    assert "of Dealer A, from" in signals[0].reason.en
    assert "Berland" in signals[0].reason.zh


def test_a_leak_is_found_within_a_dozen_items_and_known_by_the_last_of_them() -> None:
    market = leaking()
    [case], [signal] = market.gather()
    assert signal.facts["items"] <= 8
    assert case.opening in signal.inputs
    assert case.opened_us == max(
        judged.known_us for judged in judgements(market.events, market.registry)
        if judged.identity == case.opening
    )


def test_the_course_that_is_shown_is_that_of_the_test_that_opened_the_case() -> None:
    market = leaking(items=30)
    for number in range(10, 30):  # Towns nearby, in other cells, cross the line later.
        market.read(f"L{number}", 15.6, 5.0 + 0.01 * (number % 5), 30.0 + number)
    [case], [signal] = market.gather()
    course = case.facts["course"]
    assert isinstance(course, list)
    assert course[-1] == [case.opened_us, case.facts["evidence"]]
    assert case.facts["evidence"] == pytest.approx(signal.facts["evidence"], abs=1e-5)


def test_the_order_of_work_and_a_restart_change_nothing() -> None:
    market = leaking()
    told = judgements(market.events, market.registry)
    random.Random(3).shuffle(told)
    assert gathered(told, market.registry) == market.gather()
    state = Gathering()
    for judged in sorted(told, key=lambda judged: judged.order):
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=Gathering)
        state, _ = step(state, judged, registry=market.registry)
    straight = Gathering()
    for judged in sorted(told, key=lambda judged: judged.order):
        straight, _ = step(straight, judged, registry=market.registry)
    assert state == straight


def test_what_exceeds_a_permits_quantity_is_a_leak() -> None:
    market = leaking(items=16)
    market.registry = Registry(replace(market.registry.rows, permits=(permit(quantity=5),)))
    [case], _ = market.gather()
    assert (case.dealer_id, case.territory_id) == ("D-A", "B")
    market.registry = Registry(
        replace(market.registry.rows, permits=(permit(quantity=16),))
    )
    assert market.gather() == ([], [])


def test_items_of_one_case_in_one_foreign_place_are_a_case_of_their_dealer() -> None:
    market = Market(registry())
    market.home(30)
    serials = [f"C{number}" for number in range(10)]
    market.receive("A", serials, 5, 1.0)
    for number in range(4):
        market.read(serials[number], 15.0 + 0.02 * number, 5.0, 8 + number)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("diversion", "D-A", "B")


def test_a_copied_block_accuses_nobody() -> None:
    market = Market(registry())
    market.home(30)
    serials = [f"C{number}" for number in range(10)]
    market.receive("A", serials, 5, 1.0)
    for number in range(5):
        market.read(serials[number], 15.0 + 0.02 * number, 5.0, 8 + number)
    for number in range(4):
        market.read(serials[number], 2.0 + number, 2.0, 20 + number)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.subject.id) == ("clone", None, sscc(5))


def test_a_block_is_copied_where_some_of_the_genuine_items_were_read_first() -> None:
    market = Market(registry())
    market.home(30)
    serials = [f"C{number}" for number in range(10)]
    market.receive("A", serials, 5, 1.0)
    for number in range(2):
        market.read(serials[number], 2.0 + number, 2.0, 5 + number)
    for number in range(4):
        market.read(serials[number], 15.0 + 0.02 * number, 5.0, 8 + number)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.subject.id) == ("clone", None, sscc(5))


def test_copies_of_loose_items_that_look_like_a_leak_accuse_nobody() -> None:
    market = leaking(12)
    assert [case.kind for case in market.gather()[0]] == ["diversion"]
    for number in range(6):
        market.read(f"L{number}", 2.0 + number % 3, 2.0, 40 + number)
    [case], signals = market.gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("clone", None, "B")
    assert [signal.rule for signal in signals] == ["dealer-leak", "codes-copied"]


def test_copies_out_of_many_cases_are_told_where_the_genuine_items_were_read_before() -> None:
    market = Market(registry())
    market.home(40)
    for number in range(8):
        market.receive("A", [f"D{number}"], 60 + number, 1.0)
        market.read(f"D{number}", 2.0 + number % 3, 2.0, 4 + number)
        market.read(f"D{number}", 15.0 + 0.02 * number, 5.0, 20 + number)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("clone", None, "B")


def test_goods_read_again_at_home_and_by_one_who_got_them_are_a_leak() -> None:
    market = leaking()
    for number in range(5):
        market.read(f"L{number}", 15.0 + 0.01 * number, 5.05 if number == 2 else 5.0, 40 + number)
    assert [case.kind for case in market.gather()[0]] == ["diversion"]


def test_a_large_leak_of_which_some_travelled_on_is_no_copies() -> None:
    market = leaking(60)
    for number in range(15):
        market.receive("A", [f"T{number}"], 100 + number, 1.0)
        market.read(f"T{number}", 2.0 + number % 3, 2.0, 60 + number)
        market.read(f"T{number}", 15.0 + 0.01 * (number % 7), 5.0, 95 + number)
    assert [(case.kind, case.dealer_id) for case in market.gather()[0]] == [("diversion", "D-A")]


def test_copies_of_one_product_around_one_place_are_one_case() -> None:
    market = leaking(12)
    serials = [f"C{number}" for number in range(10)]
    market.receive("A", serials, 5, 1.0)
    for number in range(6):
        market.read(f"L{number}", 2.0 + number % 3, 2.0, 40 + number)
    for number in range(6):
        market.read(serials[number], 15.0 + 0.02 * number, 5.0, 60 + number)
        market.read(serials[number], 2.0 + number % 3, 3.0, 80 + number)
    assert [case.kind for case in market.gather()[0]] == ["clone"]


def test_a_leak_into_far_towns_of_one_territory_is_one_case() -> None:
    market = leaking(12)
    for number in range(12):
        market.receive("A", [f"K{number}"], 50 + number, 1.0)
        market.read(f"K{number}", 18.0, 7.0 + 0.01 * number, 12 + 1.3 * number)
    [case], _ = market.gather()
    assert (case.dealer_id, case.territory_id, case.item_count >= 20) == ("D-A", "B", True)


def test_where_goods_went_is_where_their_buyers_live_most_densely() -> None:
    town = [(15.0 + 0.01 * number, 5.0) for number in range(5)]
    far = [(15.4, 5.3), (15.5, 5.4), (15.3, 5.5), (15.6, 5.2)]
    lon, lat = middle_of([*town, *far])
    assert abs(lon - 15.02) < 0.02
    assert abs(lat - 5.0) < 0.02


def test_a_dealer_orders_far_more_than_it_ever_did() -> None:
    market = Market(registry())
    for number in range(8):
        market.order("D-A", 90 + 5 * (number % 4), 1.0 + number)
    assert market.gather()[0] == []
    market.order("D-A", 1400, 20.0)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id) == ("order", "D-A")


def test_a_printing_run_of_fakes_is_one_case() -> None:
    market = Market(registry())
    for number in range(9):
        market.read(f"X{number}", 15 + 0.05 * number, 5, 3 + 2 * number, signature="invalid")
    [case], _ = market.gather()
    assert (case.kind, case.territory_id, case.item_count) == ("clone", "B", 9)


def test_one_forged_code_is_no_case_and_two_runs_are_two() -> None:
    market = Market(registry())
    market.read("X1", 15.0, 5.0, 3.0, signature="invalid")
    assert market.gather()[0] == []
    for number in range(6):
        lon = 15.0 if number % 2 else 2.0
        market.read(f"Y{number}", lon, 5.0, 4.0 + number, signature="invalid")
    assert len(market.gather()[0]) == 2


def test_goods_received_by_the_wrong_dealer_name_the_one_they_were_meant_for() -> None:
    market = Market(registry())
    market.move("shipping", [SSCC_ON_ROUTE], 1.0, DEALER_A, disposition="in_transit")
    market.move("receiving", [SSCC_ON_ROUTE], 2.0, DEALER_B)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("diversion", "D-A", "B")


def test_a_shipment_to_the_wrong_dealer_tells_what_was_in_it_and_what_that_is_worth() -> None:
    market = Market(registry())
    market.pack(SSCC_ON_ROUTE, [f"W{number}" for number in range(6)], 0.5)
    market.pack(SSCC_ON_ROUTE, ["W4", "W5", "W6"], 0.6)
    market.move("shipping", [SSCC_ON_ROUTE], 1.0, DEALER_A, disposition="in_transit")
    market.move("receiving", [SSCC_ON_ROUTE], 2.0, DEALER_B)
    [case], _ = market.gather()
    exposure = exposure_of(case, market.registry, case.opened_us, Policy())
    assert (case.item_count, case.gtins) == (7, {GTIN: 7})
    assert exposure == Exposure("70.00", "USD", "items-known-at-floor-price", 7, "70.00")


def test_what_packing_that_came_late_tells_of_a_shipment_counts_once() -> None:
    market = Market(registry())
    market.pack(SSCC_ON_ROUTE, ["W1"], 0.5)
    market.pack(SSCC_ON_ROUTE, ["W2", "W3"], 0.6, late_days=20.0)
    market.move("shipping", [SSCC_ON_ROUTE], 1.0, DEALER_A, disposition="in_transit")
    market.move("receiving", [SSCC_ON_ROUTE], 2.0, DEALER_B)
    [case], _ = market.gather()
    assert (case.item_count, case.gtins) == (3, {GTIN: 3})


@pytest.mark.parametrize("loose", [False, True])
def test_goods_that_no_shipments_row_speaks_of_are_one_case_where_they_go_astray(
    loose: bool,
) -> None:
    market = Market(registry())
    serials = [f"N{number}" for number in range(5)]
    market.pack(sscc(70), serials, 0.5)
    market.move("shipping", [sscc(70)], 1.0, DEALER_A, disposition="in_transit")
    market.move("receiving", [item(s) for s in serials] if loose else [sscc(70)], 2.0, DEALER_B)
    [case], _ = market.gather()
    assert (case.kind, case.dealer_id, case.territory_id) == ("diversion", "D-A", "B")
    assert (case.item_count, case.gtins) == (5, {GTIN: 5})


@pytest.mark.parametrize(("opened", "cases"), [(1, 0), (2, 1)])
def test_two_items_read_outside_their_sealed_case_are_a_case(opened: int, cases: int) -> None:
    market = Market(registry())
    market.pack(SSCC_ON_ROUTE, ["O1", "O2"], 0.5)
    market.move("shipping", [SSCC_ON_ROUTE], 1.0, DEALER_A, disposition="in_transit")
    for number in range(opened):
        market.read(f"O{number + 1}", 15.0, 8.0, 1.5)
    found, _ = market.gather()
    assert [case.kind for case in found] == ["transport"] * cases


def test_a_receipt_that_comes_too_late_lets_a_case_fall() -> None:
    market = Market(registry())
    market.pack(SSCC_ON_ROUTE, ["O1", "O2"], 0.5)
    market.move("shipping", [SSCC_ON_ROUTE], 1.0, DEALER_A, disposition="in_transit")
    for serial in ("O1", "O2"):
        market.read(serial, 15.0, 8.0, 3.0)
    assert len(market.gather()[0]) == 1
    market.move("receiving", [SSCC_ON_ROUTE], 2.0, DEALER_A, late_days=9.0)
    assert market.gather()[0] == []


def test_goods_of_nobody_and_of_a_dealer_without_territory_accuse_nobody() -> None:
    market = Market(registry())
    for number in range(12):
        market.read(f"N{number}", 15.0, 5.0, 3.0 + number)
    rows = replace(market.registry.rows, authorisations=())
    bare = leaking()
    bare.registry = Registry(rows)
    assert market.gather() == ([], [])
    assert bare.gather() == ([], [])
    assert BRAND


def test_reads_again_of_what_exceeds_a_permit_are_not_cleared_by_it() -> None:
    market = Market(registry())
    market.registry = Registry(replace(market.registry.rows, permits=(permit(quantity=1),)))
    market.receive("A", ["U1", "U2"], None, 1.0)
    for day, serial in enumerate(["U1", "U2", "U2", "U1"]):
        market.read(serial, 15.0, 5.0, 3.0 + day)
    cases, signals = market.gather()
    assert cases == []
    assert [(s.rule, s.facts["item"]) for s in signals] == [
        ("permit-exceeded", item("U2"))
    ] * 2
