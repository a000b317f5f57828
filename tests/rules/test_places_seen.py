"""Places that are one, told by the sides of the way between them or by its length."""

from hypothesis import given
from hypothesis import strategies as st

from registry import Policy
from rules.places_seen import at_most_m, is_near, rough_m

APART_M = Policy().places_apart_m

places = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(places, st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2)))
def test_sides_and_length_say_the_same(
    place: tuple[float, float], by: tuple[float, float]
) -> None:
    """Near the limit, at every latitude and over the antimeridian."""
    other = (place[0] + by[0], max(-90.0, min(90.0, place[1] + by[1])))
    assert is_near(place, other, APART_M) == (rough_m(place, other) < APART_M)


@given(places, places)
def test_far_places_are_never_near(a: tuple[float, float], b: tuple[float, float]) -> None:
    """Anywhere on the globe."""
    assert is_near(a, b, APART_M) == (rough_m(a, b) < APART_M)


@given(places, places)
def test_a_way_along_parallel_and_meridian_is_no_shorter(
    here: tuple[float, float], there: tuple[float, float]
) -> None:
    assert at_most_m(here, there) >= rough_m(here, there) * (1 - 1e-9)
