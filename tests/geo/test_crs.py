"""WGS-84, GCJ-02 and BD-09: known points, round trips, identity outside the box."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import BOX, Crs, convert, readings
from geo.errors import GeoError
from geo.geodesic import distance_m

WEST, SOUTH, EAST, NORTH = BOX
SHIFTED: list[Crs] = ["gcj02", "bd09"]
within_lon = st.floats(WEST, EAST)
within_lat = st.floats(SOUTH, NORTH)


def test_tiananmen_is_shifted_as_maps_in_use_shift_it() -> None:
    lon, lat = convert(116.404, 39.915, source="bd09", target="gcj02")
    assert lon[0] == pytest.approx(116.39762729119315, abs=2e-6)
    assert lat[0] == pytest.approx(39.90865673957631, abs=2e-6)
    lon, lat = convert(116.404, 39.915, source="wgs84", target="gcj02")
    assert lon[0] == pytest.approx(116.41024449916938, abs=1e-9)
    assert lat[0] == pytest.approx(39.91640428150164, abs=1e-9)


@pytest.mark.parametrize("crs", SHIFTED)
@given(lon=within_lon, lat=within_lat)
def test_every_place_in_the_box_comes_back_from_a_round_trip(
    crs: Crs, lon: float, lat: float
) -> None:
    there = convert(lon, lat, source="wgs84", target=crs)
    back = convert(*there, source=crs, target="wgs84")
    assert distance_m(lon, lat, *back)[0] < 1e-3


@pytest.mark.parametrize("crs", SHIFTED)
@given(lon=st.floats(WEST + 0.1, EAST - 0.1), lat=st.floats(SOUTH + 0.1, NORTH - 0.1))
def test_every_shifted_point_comes_back_from_a_round_trip(crs: Crs, lon: float, lat: float) -> None:
    there = convert(lon, lat, source=crs, target="wgs84")
    back = convert(*there, source="wgs84", target=crs)
    assert distance_m(lon, lat, *back)[0] < 1e-3


@given(
    lon=st.one_of(st.floats(-180, WEST - 0.1), st.floats(EAST + 0.1, 180)),
    lat=st.floats(-90, 90),
    source=st.sampled_from(["wgs84", "gcj02", "bd09"]),
    target=st.sampled_from(["wgs84", "gcj02", "bd09"]),
)
def test_outside_the_box_nothing_moves(lon: float, lat: float, source: Crs, target: Crs) -> None:
    to_lon, to_lat = convert(lon, lat, source=source, target=target)
    assert (to_lon[0], to_lat[0]) == (lon, lat)


@given(lon=within_lon, lat=within_lat)
def test_inside_the_box_the_shift_is_between_20_metres_and_3_kilometres(
    lon: float, lat: float
) -> None:
    for crs in SHIFTED:
        moved = distance_m(lon, lat, *convert(lon, lat, source="wgs84", target=crs))[0]
        assert 20 < moved < 3000


def test_columns_are_converted_as_each_point_alone() -> None:
    lon, lat = np.linspace(60, 140, 33), np.linspace(0, 60, 33)
    together = convert(lon, lat, source="gcj02", target="bd09")
    alone = [convert(x, y, source="gcj02", target="bd09") for x, y in zip(lon, lat, strict=True)]
    assert together[0] == pytest.approx([a[0][0] for a in alone], abs=1e-12)
    assert together[1] == pytest.approx([a[1][0] for a in alone], abs=1e-12)


def test_unknown_has_two_readings_and_a_stranger_none() -> None:
    assert readings("unknown") == ("wgs84", "gcj02")
    assert readings("bd09") == ("bd09",)
    with pytest.raises(GeoError) as caught:
        readings("utm")
    assert caught.value.type == "crs-unknown"
