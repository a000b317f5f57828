"""Routes and stops in metres on the ground, at the equator, far north and across the date line."""

import numpy as np
import pytest
import shapely

from geo.corridor import Route, stop_distance_m
from geo.errors import GeoError
from geo.geodesic import distance_m, forward

LATS = [0.0, 60.0, -78.0]


@pytest.mark.parametrize("lat", LATS)
@pytest.mark.parametrize("off_m", [10.0, 5000.0, 80_000.0])
def test_a_point_led_off_a_leg_is_that_far(lat: float, off_m: float) -> None:
    lon, at = forward(10, lat, 70.0, np.array([0.0, 90_000.0]))
    route = Route(list(zip(lon.tolist(), at.tolist(), strict=True)))
    middle = forward(10, lat, 70.0, 45_000.0)
    for side in (90.0, -90.0):
        # The leg's course at its middle: that of a geodesic, which turns on its way.
        there = forward(10, lat, 70.0, 45_001.0)
        course = np.degrees(
            np.arctan2(
                distance_m(middle[0], middle[1], there[0], middle[1])[0],
                distance_m(middle[0], middle[1], middle[0], there[1])[0],
            )
        )
        point = forward(*middle, course + side, off_m)
        assert route.distance_m(*point)[0] == pytest.approx(off_m, rel=2e-5, abs=0.2)


@pytest.mark.parametrize("lat", LATS)
def test_beyond_its_ends_a_route_is_as_far_as_its_end(lat: float) -> None:
    route = Route([(10, lat), (11, lat)])
    point = forward(11, lat, 120.0, 3000.0)
    assert route.distance_m(*point)[0] == pytest.approx(3000.0, abs=0.01)


@pytest.mark.parametrize("lat", LATS)
@pytest.mark.parametrize("corridor_m", [500.0, 20_000.0])
def test_the_drawn_corridor_is_the_one_that_judges(lat: float, corridor_m: float) -> None:
    route = Route([(10, lat), (11, lat + 0.4), (11.3, lat - 0.1)])
    drawn = route.buffered(corridor_m)
    rng = np.random.default_rng(2)
    lon, at = rng.uniform(9.5, 11.8, 4000), rng.uniform(lat - 0.6, lat + 0.9, 4000)
    away = route.distance_m(lon, at)
    differ = route.within(lon, at, corridor_m) != shapely.contains_xy(drawn, lon, at)
    assert np.abs(away[differ] - corridor_m).max(initial=0) < 0.004 * corridor_m + 0.5


def test_a_route_crosses_the_date_line() -> None:
    route = Route([(179, 10), (-179, 10)])
    assert route.distance_m([180, -180], [10.001, 10.001]) == pytest.approx([84, 84], abs=30)
    drawn = route.buffered(1000.0)
    assert drawn.bounds[0] == -180
    assert drawn.bounds[2] == 180
    assert drawn.area < 0.1


def test_a_stop_is_a_circle_on_the_ground() -> None:
    lon, lat = forward(25, 60, np.arange(0, 360, 30), 300.0)
    away = stop_distance_m(lon, lat, stop_lon=25, stop_lat=60, radius_m=200.0)
    assert away == pytest.approx(100.0, abs=1e-6)
    assert stop_distance_m(25, 60, stop_lon=25, stop_lat=60, radius_m=200.0)[0] == -200


def test_a_route_of_one_point_is_a_place() -> None:
    there = forward(10, 60, 45.0, 777.0)
    assert Route([(10, 60)]).distance_m(*there)[0] == pytest.approx(777.0, abs=1e-3)


@pytest.mark.parametrize(
    ("points", "slug"),
    [([], "line-invalid"), ([(1, 2, 3)], "line-invalid"), ([(1, 99)], "coordinates-swapped"),
     ([(float("nan"), 1)], "coordinate-not-finite")],
)  # fmt: skip
def test_what_is_no_route_is_refused(points: list[tuple[float, float]], slug: str) -> None:
    with pytest.raises(GeoError) as caught:
        Route(points)
    assert caught.value.type == slug


@pytest.mark.parametrize("lat", [*LATS, 85.0])
@pytest.mark.parametrize("west", [10.0, 179.5])
def test_the_bound_is_never_below_the_distance_and_close_to_it_nearby(
    lat: float, west: float
) -> None:
    lons = [(x + 180.0) % 360.0 - 180.0 for x in (west, west + 1, west + 1.3)]
    route = Route(list(zip(lons, (lat, lat + 0.4, lat - 0.1), strict=True)))
    rng = np.random.default_rng(3)
    lon = (rng.uniform(west - 0.5, west + 1.8, 300) + 180.0) % 360.0 - 180.0
    at = rng.uniform(lat - 0.6, lat + 0.9, 300)
    away = route.distance_m(lon, at)
    bound = np.array([route.at_most_m(x, y) for x, y in zip(lon, at, strict=True)])
    assert (bound >= away - 1e-3).all()
    near = away < 20_000
    assert (bound[near] <= away[near] * 1.05 + 1).all()
