"""The leak test is a fair bet under nature, and natural movement is learned from the others."""

import math

from hypothesis import given
from hypothesis import strategies as st

from cases.cells import cell, cells, centre
from cases.leak import SHARES, Bets, _bet, threshold_log
from cases.natural import Natural
from registry import Policy
from rules.places_seen import rough_m

POLICY = Policy()
shares = st.floats(0.0005, 0.2)


def factor(p0: float, index: int, outside: float, weight: float = 1.0) -> float:
    """What one item does to the wealth of the bet on a share."""
    bets = Bets()
    if outside > 0:
        _bet(bets, 0, outside, p0, weight)
    gain = bets.gains.get(0, [0.0] * len(SHARES))[index]
    return math.exp(gain) * (1 - SHARES[index])


@given(p0=shares, index=st.integers(0, 2), part=st.floats(0, 1), weight=st.sampled_from([1, 0.5]))
def test_under_nature_no_bet_is_expected_to_win(
    p0: float, index: int, part: float, weight: float
) -> None:
    p = p0 * part
    expected = p * factor(p0, index, 1.0, weight) + (1 - p) * factor(p0, index, 0.0)
    assert expected <= 1 + 1e-9


@given(p0=shares, index=st.integers(0, 2), outside=st.floats(0.05, 1))
def test_an_uncertain_place_wins_less_than_a_certain_one(
    p0: float, index: int, outside: float
) -> None:
    assert factor(p0, index, outside) <= factor(p0, index, 1.0) + 1e-12


def test_the_threshold_grows_with_the_number_of_dealers() -> None:
    assert threshold_log(POLICY, 50) > threshold_log(POLICY, 5) > math.log(1 / POLICY.leak_level)


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-80, 80))
def test_a_place_lies_in_one_cell_of_each_grid_and_near_the_middle_of_one(
    lon: float, lat: float
) -> None:
    found = cells(lon, lat)
    assert found == [cell(lon, lat, grid) for grid in range(4)]
    assert min(rough_m((lon, lat), centre(one)) for one in found) < 40_000


def flows(natural: Natural, abroad: dict[str, int]) -> None:
    for dealer, count in abroad.items():
        for number in range(200):
            natural.note(dealer, 3.0 + number % 4, 3.0, 0.0)
        for _ in range(count):
            natural.note(dealer, 12.0, 3.0, 1.0)
    natural.turn(1)


def share(abroad: dict[str, int], dealer: str = "A") -> float:
    natural = Natural()
    flows(natural, abroad)
    return natural.share(dealer, cell(12.0, 3.0, 0), 500.0, POLICY)


def test_a_leak_does_not_make_itself_natural() -> None:
    assert share({"A": 60, "B": 1, "C": 1, "D": 0}) == share({"A": 0, "B": 1, "C": 1, "D": 0})


def test_one_more_leak_into_the_place_hides_nothing() -> None:
    calm, loud = {"A": 0, "B": 0, "C": 0, "D": 0}, {"A": 0, "B": 90, "C": 0, "D": 0}
    assert share(loud) == share(calm)


def test_a_place_that_draws_goods_of_all_dealers_is_natural() -> None:
    assert share({"A": 0, "B": 10, "C": 10, "D": 10}) > 3 * share({"A": 0, "B": 0, "C": 0, "D": 0})


def test_where_others_sell_most_of_their_goods_people_go() -> None:
    natural = Natural()
    flows(natural, {"A": 0, "C": 0})
    for number in range(60):
        natural.note("B", 15.0, 5.0 if number % 3 else 7.0, 0.0)
    natural.turn(2)
    city, village = (
        max(natural.share("A", cell(15.0, lat, grid), 500.0, POLICY) for grid in range(4))
        for lat in (5.0, 9.0)
    )
    assert village < 0.003
    assert 0.02 < city < 0.12


def test_what_today_brings_counts_tomorrow() -> None:
    natural = Natural()
    natural.turn(1)
    natural.note("B", 12.0, 3.0, 1.0)
    natural.turn(1)
    assert natural.flows == {}
    natural.turn(2)
    assert natural.flows["B"].trials == 1
