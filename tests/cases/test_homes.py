"""Codes that are read in two homes of one town are on several packs."""

from hypothesis import given
from hypothesis import strategies as st

from cases.homes import Homes
from cases.spots import Spots
from rules.places_seen import LonLat

FIRSTS = [(15.0 + 0.05 * number, 5.0) for number in range(6)]
"""Six homes, five kilometres apart."""


def town(again: dict[int, LonLat], firsts: list[LonLat] = FIRSTS, radius_m: float = 20.0) -> bool:
    """Whether items are taken for copies that are first read there and, some, elsewhere again."""
    spots, homes = Spots(), Homes()
    for place in firsts:
        spots.take(place, radius_m)
    for number, place in again.items():
        homes.take(f"item {number}", firsts[number], place, radius_m, spots)
    return homes.are_copies(firsts)


def test_items_read_again_in_other_homes_are_copies() -> None:
    assert town({0: (15.02, 5.03), 3: (15.1, 5.04)})


def test_one_that_was_passed_on_is_none() -> None:
    assert not town({0: (15.02, 5.03)})


def test_most_that_are_read_again_at_home_are_goods() -> None:
    again = {number: FIRSTS[number] for number in range(4)}
    assert not town({**again, 4: (15.02, 5.03), 5: (15.1, 5.04)})


def test_a_read_at_the_counter_and_one_at_home_are_one_buyers() -> None:
    counter = (15.0, 5.0)
    assert not town({0: (15.05, 5.03), 3: (15.1, 5.04), 4: (14.9, 5.04)}, [counter] * 5)


def test_fixes_too_coarse_to_tell_homes_apart_say_nothing() -> None:
    assert not town({0: (15.02, 5.03), 3: (15.1, 5.04)}, radius_m=4_000.0)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(15, 15.3), st.floats(5, 5.2)), max_size=90))
def test_each_item_is_counted_once(reads: list[tuple[int, float, float]]) -> None:
    spots, homes = Spots(), Homes()
    for place in FIRSTS:
        spots.take(place, 20.0)
    for number, lon, lat in reads:
        homes.take(f"item {number}", FIRSTS[number], (lon, lat), 20.0, spots)
    assert not {*homes.two} & {*homes.same}
    assert len(homes.two) + len(homes.same) <= len(FIRSTS)
