import math

from hypothesis import given
from hypothesis import strategies as st

from simulator.chance import Chance


def test_streams_of_one_seed_differ_and_repeat() -> None:
    first = [Chance(1, "a").unit() for _ in range(2)]
    assert first[0] == first[1]
    assert Chance(1, "b").unit() != first[0]
    assert Chance(2, "a").unit() != first[0]


@given(st.integers(0, 2**32), st.integers(-50, 50), st.integers(0, 100))
def test_whole_numbers_keep_to_their_ends(seed: int, low: int, width: int) -> None:
    drawn = [Chance(seed, "x").integer(low, low + width) for _ in range(5)]
    assert all(low <= number <= low + width for number in drawn)


@given(st.integers(0, 2**32), st.lists(st.floats(0.01, 10), min_size=1, max_size=20))
def test_weights_never_lead_outside(seed: int, weights: list[float]) -> None:
    total, cumulative = 0.0, []
    for weight in weights:
        total += weight
        cumulative.append(total)
    assert 0 <= Chance(seed, "w").weighted(cumulative) < len(weights)


@given(st.integers(0, 2**32), st.lists(st.integers(), max_size=30))
def test_a_shuffle_loses_nothing(seed: int, values: list[int]) -> None:
    shuffled = list(values)
    Chance(seed, "s").shuffle(shuffled)
    assert sorted(shuffled) == sorted(values)


def test_normal_numbers_have_the_normal_spread() -> None:
    chance = Chance(4, "n")
    drawn = [chance.normal() for _ in range(20_000)]
    mean = sum(drawn) / len(drawn)
    spread = math.sqrt(sum((x - mean) ** 2 for x in drawn) / len(drawn))
    assert abs(mean) < 0.03
    assert abs(spread - 1) < 0.03


def test_uuids_are_urns_of_version_four() -> None:
    urn = Chance(4, "u").uuid_urn()
    assert urn.startswith("urn:uuid:")
    assert urn[23] == "4"
