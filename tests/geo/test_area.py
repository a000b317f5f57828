"""Areas: unions, owners of border points, distances, and laws of them."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from geo.area import Area
from geo.errors import GeoError
from geo.geodesic import distance_m, forward
from tests.geo.shapes import fixes_near, stars, walk


@given(data=st.data(), shape=stars())
def test_containing_is_what_shapely_says_off_the_border(
    data: st.DataObject, shape: Polygon
) -> None:
    lon, lat = data.draw(fixes_near(shape))
    if shape.boundary.distance(shapely.Point(lon, lat)) > 1e-9:
        assert Area([shape]).contains(lon, lat)[0] == shape.contains(shapely.Point(lon, lat))


@given(data=st.data(), shape=stars(), sigma_m=st.floats(0, 10_000))
def test_order_and_direction_of_rings_change_nothing(
    data: st.DataObject, shape: Polygon, sigma_m: float
) -> None:
    lon, lat = data.draw(fixes_near(shape))
    ring = list(shape.exterior.coords)[:-1]
    turned = Polygon(ring[::-1])
    rolled = Polygon(ring[2:] + ring[:2])
    wanted = Area([shape]).check(lon, lat, sigma_m)
    for other in (turned, rolled):
        found = Area([other]).check(lon, lat, sigma_m)
        assert found[0] == pytest.approx(wanted[0], abs=1e-7)
        assert found[1] == pytest.approx(wanted[1], abs=1e-5)


@given(data=st.data(), shape=stars(), sigma_m=st.floats(1, 10_000))
def test_cutting_an_area_and_uniting_it_changes_nothing(
    data: st.DataObject, shape: Polygon, sigma_m: float
) -> None:
    west, south, east, north = shape.bounds
    x = data.draw(st.floats(west, east))
    y = data.draw(st.floats(south, north))
    quarters = [
        box(west - 1, south - 1, x, y),
        box(x, south - 1, east + 1, y),
        box(west - 1, y, x, north + 1),
        box(x, y, east + 1, north + 1),
    ]
    pieces = [p for q in quarters for p in shapely.get_parts(shape.intersection(q))]
    pieces = [p for p in pieces if p.geom_type == "Polygon" and p.area > 1e-8]
    if abs(sum(p.area for p in pieces) - shape.area) > 1e-12:
        return  # a sliver was dropped by the filter above, so it is another area
    pieces = data.draw(st.permutations(pieces))
    lon, lat = data.draw(fixes_near(shape))
    wanted, away = Area([shape]).check(lon, lat, sigma_m)
    found, apart = Area(pieces).check(lon, lat, sigma_m)
    assert found[0] == pytest.approx(wanted[0], abs=1e-3 / sigma_m + 1e-6)
    assert abs(apart[0]) == pytest.approx(abs(away[0]), abs=0.01)


def test_a_shared_border_is_no_border() -> None:
    halves = Area([box(0, 0, 1, 1), box(1, 0, 2, 1)])
    share, away = halves.check(1.0, 0.5, 100.0)
    assert share[0] == 1
    assert away[0] == pytest.approx(-distance_m(1, 0.5, 1, 0)[0], abs=0.5)


def test_a_border_with_a_vertex_on_one_side_only_is_no_border_either() -> None:
    third = 1 / 3
    left = Polygon([(0, 0), (1, 0.1), (1.7, 1), (0, 1)])
    at = 1 + 0.7 * third, 0.1 + 0.9 * third
    right = Polygon([(1, 0.1), (2, 0), (2, 1), (1.7, 1), at])
    share, away = Area([left, right]).check(at[0], at[1], 50.0)
    assert share[0] == pytest.approx(1)
    assert away[0] < -20_000


def test_a_cut_at_the_antimeridian_is_no_border() -> None:
    area = Area([box(178, -20, 180, -15), box(-180, -20, -177, -15)])
    for lon in (180.0, -180.0, 179.9999, -179.9999):
        share, away = area.check(lon, -17.0, 2000.0)
        assert share[0] == pytest.approx(1)
        assert away[0] == pytest.approx(-distance_m(lon, -17, 178, -17)[0], rel=0.01)
    assert area.contains([180, -180], [-17, -17]).all()


def test_where_only_one_side_reaches_the_antimeridian_it_is_a_border() -> None:
    area = Area([box(178, -20, 180, -15), box(-180, -17, -177, -15)])
    share, away = area.check([179.999, -179.999], [-18, -18], 1000.0)
    assert share == pytest.approx([0.5424, 0.4576], abs=1e-3)
    assert away == pytest.approx([-105.9, 105.9], abs=0.1)


def test_the_pole_is_no_border_of_a_cap_around_it() -> None:
    cap = Area([box(-180, 80, 180, 90)])
    share, away = cap.check([0, 77], [90, 89.9999], 50_000.0)
    assert share == pytest.approx([1, 1])
    assert away == pytest.approx(-distance_m(0, 90, 0, 80)[0], rel=1e-4)


@given(data=st.data(), shape=stars(lat=(-84, 84)))
def test_the_distance_is_the_shortest_geodesic_to_the_border(
    data: st.DataObject, shape: Polygon
) -> None:
    lon, lat = data.draw(fixes_near(shape))
    found = abs(Area([shape]).distance_m(lon, lat)[0])
    x, y = walk(shape, 3000)
    walked = distance_m(lon, lat, x, y).min()
    step = distance_m(x[:-1], y[:-1], x[1:], y[1:])
    assert found <= walked + 1e-6
    assert walked <= found + step[step < 5000].max() / 2 + 1e-6


@pytest.mark.parametrize("lat", [0.0, 60.0, 80.0, -85.0])
@pytest.mark.parametrize("length_m", [0.5, 300.0, 20_000.0, 700_000.0])
def test_a_point_led_off_a_meridian_border_is_that_far(lat: float, length_m: float) -> None:
    area = Area([box(10, -89, 12, 89)])
    lon, at = forward(10, lat, -90, length_m)
    away = area.distance_m(lon, at)[0]
    assert away == pytest.approx(length_m, abs=1e-3 + 1e-6 * length_m)
    if length_m < 5000:
        assert area.distance_m(20 - lon, at)[0] < 0


def test_a_border_along_a_parallel_is_not_taken_for_a_geodesic() -> None:
    area = Area([box(-120, 40, -80, 49)])
    assert area.distance_m(-100, 49.001)[0] == pytest.approx(
        distance_m(-100, 49, -100, 49.001)[0], abs=1e-3
    )


def test_far_points_have_their_distance_too() -> None:
    shape = box(10, 50, 11, 51)
    x, y = walk(shape)
    for lon, lat in ((-100.0, 40.0), (170.0, -45.0), (11.0, 89.99), (-169.5, -50.5)):
        wanted = distance_m(lon, lat, x, y).min()
        assert Area([shape]).distance_m(lon, lat)[0] == pytest.approx(wanted, rel=1e-6)


@given(data=st.data(), shape=stars())
def test_exactly_one_of_neighbours_owns_a_border_point(data: st.DataObject, shape: Polygon) -> None:
    frame = box(*shape.bounds).buffer(0.5, join_style="mitre")
    outer = Polygon(frame.exterior.coords, [shape.exterior.coords])
    ring = list(shape.exterior.coords)
    i = data.draw(st.integers(0, len(ring) - 2))
    t = data.draw(st.sampled_from([0.0, 0.5, 0.25, 1 / 3]))
    lon = ring[i][0] + t * (ring[i + 1][0] - ring[i][0])
    lat = ring[i][1] + t * (ring[i + 1][1] - ring[i][1])
    inner, around = Area([shape]).contains(lon, lat)[0], Area([outer]).contains(lon, lat)[0]
    assert inner != around


def test_the_owner_of_a_border_point_lies_east_or_north_of_it() -> None:
    square = Area([box(0, 0, 1, 1)])
    assert square.contains(0, 0.5)[0]
    assert not square.contains(1, 0.5)[0]
    assert square.contains(0.5, 0)[0]
    assert not square.contains(0.5, 1)[0]
    assert square.contains([0, 1, 0, 1], [0, 0, 1, 1]).tolist() == [True, False, False, False]


def test_a_batch_gives_what_each_point_alone_gives() -> None:
    shape = shapely.Point(9, 48).buffer(0.7, quad_segs=200)
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(8, 10, 40), rng.uniform(47, 49, 40)
    sigma = rng.choice([0, 5, 500, 20_000], 40)
    area = Area([MultiPolygon([shape])])
    share, away = area.check(lon, lat, sigma)
    for i in range(40):
        one = area.check(lon[i], lat[i], sigma[i])
        assert (one[0][0], one[1][0]) == pytest.approx((share[i], away[i]), abs=1e-9)


def test_an_empty_area_is_refused() -> None:
    for nothing in ([], [MultiPolygon()]):
        with pytest.raises(GeoError) as caught:
            Area(nothing)
        assert caught.value.type == "polygon-empty"


@pytest.mark.parametrize("accuracy_m", [1.0, 20.0, 1e3, 1e5, 5e6])
@pytest.mark.parametrize("side", [1e-9, 1e-4, 0.01])
@pytest.mark.parametrize("west", [0.5, -100.25, 116.4, -180.0])
def test_a_fix_on_the_border_of_a_speck_is_not_in_it(
    accuracy_m: float, side: float, west: float
) -> None:
    area = Area([box(west, 40.0, west + side, 40.0 + side)])
    sigma = accuracy_m / math.sqrt(-2 * math.log(0.32))
    x, y = [west, west + side, west, west + side / 2], [40.0, 40.0 + side, 40.0 + side, 40.0]
    share = area.probability(x, y, sigma)
    km2_m = (side * 111_000) ** 2
    most = km2_m / (2 * math.pi * sigma**2)
    assert (share <= min(0.6, 1.1 * most) + 2e-7).all()
    if most < 0.1:
        wanted = most * math.cos(math.radians(40))
        assert share == pytest.approx(np.full(4, wanted), rel=0.2, abs=2e-7)
