"""The probability inside, held to an integral by another formula on another projection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geo import gaussian
from geo.area import Area
from tests.geo import quadrature
from tests.geo.shapes import fixes_near, stars

CASES = [
    (size, sigma)
    for size, sigmas in ((0.01, (5, 50, 500, 40_000)), (0.3, (100, 3000, 40_000)), (4, (2000, 2e5)))
    for sigma in sigmas
]


@pytest.mark.parametrize("lat", [0.0, 60.0, -84.0])
@pytest.mark.parametrize(("size", "sigma_m"), CASES)
def test_the_integral_is_right_to_a_millionth(lat: float, size: float, sigma_m: float) -> None:
    rng = np.random.default_rng(7)
    turn = np.sort(rng.uniform(0, 2 * np.pi, 7))
    reach = rng.uniform(0.4, 1, 7) * size
    wide = 1 / np.cos(np.radians(lat))
    shape = Polygon(np.column_stack([20 + wide * reach * np.cos(turn), lat + reach * np.sin(turn)]))
    area = Area([shape])
    for along in (0.37,):
        at = shape.boundary.interpolate(along, normalized=True)
        for off in (0.0, -0.9):
            fix = at.x, at.y + off * sigma_m / 111_000
            if abs(fix[1]) < 89:
                found = area.probability(*fix, sigma_m)[0]
                assert found == pytest.approx(
                    quadrature.probability(shape, *fix, sigma_m), abs=1e-6
                )


@pytest.mark.parametrize("lat", [0.0, 45.0, -70.0, 85.0])
@pytest.mark.parametrize("sigma_m", [1.0, 40.0, 85.0, 400.0, 990.0])
def test_the_close_map_of_sharp_fixes_is_the_map_of_others(
    lat: float, sigma_m: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = Polygon([(7, lat), (7.02, lat - 0.004), (7.05, lat + 0.011), (7.011, lat + 0.003)])
    area = Area([shape])
    corners = np.array(shape.exterior.coords)[:4]
    fixes = np.concatenate([corners, (corners + np.roll(corners, 1, axis=0)) / 2]).T
    found = area.probability(fixes[0], fixes[1], np.full(8, sigma_m))
    monkeypatch.setattr(gaussian, "CLOSE_M", 0.0)
    assert found == pytest.approx(
        area.probability(fixes[0], fixes[1], np.full(8, sigma_m)), abs=3e-7
    )


def test_what_else_is_in_the_batch_changes_no_digit() -> None:
    turn = np.linspace(0, 2 * np.pi, 400)
    reach = 0.05 + 0.01 * np.sin(9 * turn)
    area = Area([Polygon(np.column_stack([8 + reach * np.cos(turn), 47 + reach * np.sin(turn)]))])
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(7.93, 8.07, 200), rng.uniform(46.93, 47.07, 200)
    sigma_m = rng.choice([5.0, 60.0, 600.0, 900.0, 5000.0], 200)
    alone = [area.probability(*fix)[0] for fix in zip(lon, lat, sigma_m, strict=True)]
    assert area.probability(lon, lat, sigma_m).tolist() == alone


def test_holes_take_their_share() -> None:
    shape = box(10, 50, 10.2, 50.2).difference(box(10.05, 50.05, 10.1, 50.1))
    area = Area([shape])
    for lon, lat in ((10.05, 50.07), (10.07, 50.07), (10.1, 50.1), (10.16, 50.18)):
        for sigma_m in (1000.0,):
            wanted = quadrature.probability(shape, lon, lat, sigma_m)
            assert area.probability(lon, lat, sigma_m)[0] == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("sigma_m", [0.01, 1.0, 300.0])
def test_at_a_border_it_is_half_and_at_a_right_corner_a_quarter(sigma_m: float) -> None:
    area = Area([box(-1, -1, 1, 1)])
    assert area.probability(1, 0, sigma_m)[0] == pytest.approx(0.5, abs=1e-5)
    assert area.probability(-1, 0, sigma_m)[0] == pytest.approx(0.5, abs=1e-5)
    assert area.probability(0.2, 1, sigma_m)[0] == pytest.approx(0.5, abs=1e-4)
    for corner in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        assert area.probability(*corner, sigma_m)[0] == pytest.approx(0.25, abs=1e-4)


@given(data=st.data(), shape=stars(), sigma_m=st.floats(0.1, 50_000))
def test_inside_and_the_rest_of_its_box_make_the_box(
    data: st.DataObject, shape: Polygon, sigma_m: float
) -> None:
    lon, lat = data.draw(fixes_near(shape))
    frame = box(*shape.bounds).buffer(0.01, join_style="mitre")
    rest = frame.difference(shape)
    parts = Area([shape]).probability(lon, lat, sigma_m) + Area([rest]).probability(
        lon, lat, sigma_m
    )
    assert parts[0] == pytest.approx(Area([frame]).probability(lon, lat, sigma_m)[0], abs=2e-6)


@given(data=st.data(), shape=stars())
def test_a_vaguer_fix_is_less_sure_of_a_convex_area_around_it(
    data: st.DataObject, shape: Polygon
) -> None:
    hull = shape.convex_hull
    sigmas = sorted(data.draw(st.lists(st.floats(1, 1e5), min_size=2, max_size=5)))
    centre = hull.centroid
    found = Area([hull]).probability([centre.x] * len(sigmas), [centre.y] * len(sigmas), sigmas)
    assert (np.diff(found) <= 1e-6).all()


@given(data=st.data(), shape=stars(), sigma_m=st.floats(1, 30_000))
def test_a_larger_area_is_never_less_likely(
    data: st.DataObject, shape: Polygon, sigma_m: float
) -> None:
    lon, lat = data.draw(fixes_near(shape))
    small = Area([shape]).probability(lon, lat, sigma_m)[0]
    large = Area([shape.convex_hull]).probability(lon, lat, sigma_m)[0]
    assert small <= large + 1e-6
