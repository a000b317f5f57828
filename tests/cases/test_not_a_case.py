"""What only looks wrong becomes no case: one small world for each."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from registry import Registry
from registry.model import Authorisation, Dealer, Site
from tests.cases.market import DEALER_C, Market, item, permit, sscc
from tests.rules.world import DEALER_A, DEALER_B, SSCC, registry

MOVED_SITE = "9506000200071"

WORLDS: list[Callable[[Market], None]] = []


def innocent(build: Callable[[Market], None]) -> Callable[[Market], None]:
    """A world in which nobody does wrong."""
    WORLDS.append(build)
    return build


def day_of(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@innocent
def an_outlet_near_the_border(market: Market) -> None:
    market.home(30)
    serials = [f"B{n}" for n in range(24)]
    market.receive("A", serials, 1, 1.0)
    for number, serial in enumerate(serials):
        beyond = number % 3 == 0
        market.read(serial, 10.06 if beyond else 9.93, 5.0, 10 + 0.5 * number)


@innocent
def travellers(market: Market) -> None:
    market.home(60)
    for number in range(8):
        market.read(f"H900X{number}", 11.0 + number, 1.0 + number, 30 + number)


@innocent
def a_tourist_city_where_goods_of_all_dealers_are_seen(market: Market) -> None:
    rows = market.registry.rows
    third = Dealer(dealer_id="D-C", gln=DEALER_C, name="Dealer C")
    sells = replace(rows.authorisations[0], authorisation_id="AU-C", dealer_id="D-C")
    market.registry = Registry(
        replace(
            rows, dealers=(*rows.dealers, third), authorisations=(*rows.authorisations, sells)
        )
    )
    for dealer, lon in (("A", 3.0), ("B", 13.0), ("C", 6.0)):
        serials = [f"{dealer}{number}" for number in range(126)]
        market.receive(dealer, serials[:120], None, 1.0)
        for number, serial in enumerate(serials[:120]):
            market.read(serial, lon + number % 5, 2.0 + number % 3, 3 + 0.7 * number)
        for number, serial in enumerate(serials[120:]):
            market.receive(dealer, [serial], None, 1.0)
            market.read(serial, 10.5, 11.0, 12 + 14 * number)


@innocent
def a_family_that_takes_a_whole_case_far_away(market: Market) -> None:
    market.home(60)
    serials = [f"F{number}" for number in range(8)]
    market.receive("A", serials, 3, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 15.0, 5.0, 10 + 3 * number)


@innocent
def a_family_that_reads_a_case_in_both_its_homes(market: Market) -> None:
    market.home(60)
    serials = [f"F{number}" for number in range(6)]
    market.receive("A", serials, 3, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 3.0, 3.0, 10 + number)
        market.read(serial, 15.0, 5.0, 30 + 3 * number)


@innocent
def a_case_of_which_some_went_over_the_border_and_one_came_back(market: Market) -> None:
    market.home(60)
    serials = [f"F{number}" for number in range(12)]
    market.receive("A", serials, 3, 1.0)
    for number in range(3):
        market.read(serials[number], 10.1, 5.0 + 0.05 * number, 10 + 3 * number)
    market.read(serials[0], 9.0, 5.0, 40)


@innocent
def gifts(market: Market) -> None:
    market.home(40)
    market.receive("A", [f"G{n}" for n in range(5)], 3, 1.0)
    for number in range(5):
        market.read(f"G{number}", 11.5 + 1.7 * number, 1.0 + 1.5 * number, 10 + number)


@innocent
def a_few_things_resold_abroad(market: Market) -> None:
    market.home(40)
    for number in range(3):
        market.receive("A", [f"R{number}"], 20 + number, 1.0)
        market.read(f"R{number}", 15.0, 5.0, 12 + 4 * number)


@innocent
def a_household_that_bought_several_of_one_case_far_away(market: Market) -> None:
    market.home(60)
    serials = [f"M{n}" for n in range(12)]
    market.receive("A", serials, 21, 1.0)
    for number, serial in enumerate(serials):
        lon, lat = (15.0, 5.0) if number < 4 else (3.0 + 0.01 * number, 3.0)
        market.read(serial, lon + 0.0003 * (number % 3), lat, 8 + 5 * number)


@innocent
def a_buyer_from_abroad_who_comes_again_and_again(market: Market) -> None:
    market.home(60)
    for number in range(4):
        market.receive("A", [f"N{number}"], 22 + number, 1.0)
        market.read(f"N{number}", 15.0, 5.0 + 0.0003 * number, 8 + 9 * number)


@innocent
def a_fair_whose_units_are_sold_at_home_afterwards(market: Market) -> None:
    market.home(30)
    serials = [f"T{n}" for n in range(6)]
    market.receive("A", serials, 26, 1.0)
    for number in range(60):
        market.read(serials[number % 3], 15.0 + 0.001 * number, 5.0, 10 + number / 24)
    market.read(serials[0], 3.0, 3.0, 20)
    market.read(serials[1], 4.0, 3.0, 24)


@innocent
def first_orders_of_a_dealer_that_is_far_larger_than_the_others(market: Market) -> None:
    for number in range(12):
        market.order(f"SMALL-{number % 4}", (20, 4, 9, 60)[number % 4] + number, 1.0 + number)
    for number in range(5):
        market.order("LARGE", 300 + 20 * number, 14.0 + number)


@innocent
def a_sale_under_a_permit(market: Market) -> None:
    market.registry = Registry(replace(market.registry.rows, permits=(permit(quantity=12),)))
    market.home(30)
    serials = [f"P{n}" for n in range(12)]
    market.receive("A", serials, 4, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 15.0, 5.0, 5 + number)


@innocent
def a_territory_handed_over(market: Market) -> None:
    rows = market.registry.rows
    until = datetime(2026, 2, 20, tzinfo=UTC)
    given = Authorisation(
        authorisation_id="AU-OLD",
        dealer_id="D-A",
        gtins="all",
        territory_ids=["B"],
        exclusive=True,
        valid_from=day_of(1),
        valid_to=until,
    )
    market.registry = Registry(replace(rows, authorisations=(*rows.authorisations, given)))
    market.home(30)
    serials = [f"O{n}" for n in range(12)]
    market.receive("A", serials, 5, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 15.0, 5.0, 15 + 3 * number)


@innocent
def a_sub_dealer_in_its_parents_territory(market: Market) -> None:
    rows = market.registry.rows
    sub = Dealer(dealer_id="D-S", gln=DEALER_B, name="Sub", parent_id="D-A")
    kept = tuple(row for row in rows.authorisations if row.dealer_id == "D-A")
    market.registry = Registry(
        replace(rows, dealers=(rows.dealers[0], sub), authorisations=kept)
    )
    market.home(30)
    serials = [f"S{n}" for n in range(12)]
    market.receive("B", serials, 6, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 3.0, 3.0, 5 + number)


@innocent
def goods_returned_and_sold_on_by_another_dealer(market: Market) -> None:
    market.home(30)
    serials = [f"Q{n}" for n in range(8)]
    market.receive("A", serials, 7, 1.0)
    market.move("returning", [item(s) for s in serials], 5.0, disposition="returned")
    market.move("receiving", [item(s) for s in serials], 7.0, DEALER_B)
    for number, serial in enumerate(serials):
        market.read(serial, 15.0, 5.0, 10 + number)


@innocent
def a_showcase_that_hundreds_scan(market: Market) -> None:
    market.home(30)
    market.receive("A", ["W1"], 8, 1.0)
    for number in range(150):
        market.read("W1", 15.0, 5.0, 5 + 0.1 * number)


@innocent
def a_trade_show_with_five_units_of_one_case(market: Market) -> None:
    market.home(30)
    serials = [f"F{n}" for n in range(5)]
    market.receive("A", serials, 9, 1.0)
    for number in range(120):
        market.read(serials[number % 5], 15.0, 5.0, 10 + number / 48)


@innocent
def retries(market: Market) -> None:
    market.home(30)
    market.receive("A", ["Y1", "Y2"], 10, 1.0)
    for number in range(40):
        market.read(f"Y{number % 2 + 1}", 15.0, 5.0, 10 + number / 5000, session=f"y{number % 2}")


@innocent
def fixes_by_ip_at_a_carriers_gateway(market: Market) -> None:
    market.home(30)
    serials = [f"I{n}" for n in range(20)]
    market.receive("A", serials, 11, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 15.0, 5.0, 5 + number, source="ip", accuracy_m=8000.0)


@innocent
def phones_that_claim_two_metres_and_are_off(market: Market) -> None:
    market.home(30)
    serials = [f"Z{n}" for n in range(20)]
    market.receive("A", serials, 12, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 10.0005 + 0.0004 * (number % 6), 5.0, 5 + number, accuracy_m=2.0)


@innocent
def wrong_clocks(market: Market) -> None:
    market.home(30)
    market.receive("A", ["K1"], 13, 1.0)
    market.read("K1", 2.0, 2.0, 10.0)
    market.read("K1", 9.0, 8.0, 10.01, late_days=2.5)


@innocent
def custody_that_arrives_after_the_scans(market: Market) -> None:
    market.home(30)
    serials = [f"V{n}" for n in range(6)]
    market.receive("A", serials, 14, 1.0)
    market.move("receiving", [sscc(14)], 4.0, DEALER_B, late_days=9.0)
    for number, serial in enumerate(serials):
        market.read(serial, 15.0, 5.0, 6 + 0.5 * number)


@innocent
def a_clock_that_is_a_year_off(market: Market) -> None:
    market.home(30)
    serials = [f"C{n}" for n in range(10)]
    market.receive("A", serials, 15, 1.0)
    for number, serial in enumerate(serials):
        market.read(serial, 2.0 + number % 5, 3.0, -360.0 + number, late_days=370.0)


@innocent
def a_moved_warehouse(market: Market) -> None:
    there = Site(
        site_gln=MOVED_SITE, dealer_id="D-A", role="warehouse", lon=8.0, lat=2.0,
        recorded_at=day_of(1),
    )  # fmt: skip
    moved = replace(there, lon=2.0, lat=9.0, recorded_at=datetime(2026, 2, 5, tzinfo=UTC))
    rows = market.registry.rows
    market.registry = Registry(replace(rows, sites=(*rows.sites, there, moved)))
    market.pack(SSCC, [f"J{n}" for n in range(12)], 4.0)
    market.move("shipping", [SSCC], 5.0, DEALER_A, disposition="in_transit")
    for number in range(24):
        market.fix("T-1", 5.5 + number / 96, 2.0, 9.0)
    market.move("receiving", [SSCC], 5.8, DEALER_A)
    market.home(30)
    for number in range(12):
        market.read(f"J{number}", 2.0 + 0.02 * number, 8.9, 7 + 0.5 * number)


@innocent
def late_doubled_and_reordered_events(market: Market) -> None:
    an_outlet_near_the_border(market)
    travellers(market)
    goods_returned_and_sold_on_by_another_dealer(market)
    chance = random.Random(5)
    late = [
        replace(event, received_at=event.received_at + timedelta(days=chance.choice([0, 1, 9])))
        for event in market.events
    ]
    market.events[:] = [*late, *chance.sample(late, len(late) // 3)]
    chance.shuffle(market.events)


@pytest.mark.parametrize("build", WORLDS, ids=lambda build: build.__name__.replace("_", " "))
def test_it_is_no_case(build: Callable[[Market], None]) -> None:
    market = Market(registry())
    build(market)
    cases, _ = market.gather()
    assert [(case.kind, case.dealer_id, case.facts) for case in cases] == []
