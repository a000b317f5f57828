"""Buyers are told apart by where they read."""

from hypothesis import given
from hypothesis import strategies as st

from cases.spots import HOUSEHOLD, Spots


def test_a_household_is_one_buyer_and_a_shop_is_many() -> None:
    spots = Spots()
    for _ in range(HOUSEHOLD):
        spots.take((15.0, 5.0), 20.0)
    assert spots.buyers == 1
    for _ in range(3):
        spots.take((15.0005, 5.0), 20.0)
    assert spots.buyers == 4


def test_a_coarse_fix_does_not_put_a_whole_town_at_one_spot() -> None:
    spots = Spots()
    spots.take((15.0, 5.0), 20_000.0)
    spots.take((15.04, 5.0), 20_000.0)
    assert spots.buyers == 2


@given(st.lists(st.tuples(st.floats(10, 11), st.floats(5, 6)), max_size=60))
def test_there_are_never_more_buyers_than_items(places: list[tuple[float, float]]) -> None:
    spots = Spots()
    for place in places:
        spots.take(place, 10.0)
    assert min(len(places), 1) <= spots.buyers <= len(places)
