"""The flat map around a point, held to PROJ's geodesics."""

import numpy as np
import pytest

from geo.ellipsoid import Frames
from geo.geodesic import distance_m, forward


@pytest.mark.parametrize(
    ("length_m", "relative"), [(1.0, 1e-8), (1e4, 2e-9), (1e5, 1e-7), (1e6, 1e-5)]
)
def test_the_map_keeps_lengths_and_directions(length_m: float, relative: float) -> None:
    lats = [-89.0, -60.0, 0.0, 45.0, 75.0, 89.9]
    lon, lat = np.repeat([0.0, 100.0, -179.9], len(lats)), np.tile(lats, 3)
    row = np.arange(len(lon))
    frames = Frames(lon, lat)
    for azimuth in (0.0, 30.0, 90.0, 200.0, 315.0):
        there = forward(lon, lat, azimuth, length_m)
        east, north = frames.xy(row, *there)
        assert np.hypot(east, north) == pytest.approx(length_m, rel=relative)
        wanted = length_m * np.sin(np.radians(azimuth)), length_m * np.cos(np.radians(azimuth))
        off = max(np.abs(east - wanted[0]).max(), np.abs(north - wanted[1]).max())
        assert off < length_m * 10 * relative + 1e-8


def test_distance_is_that_of_karney() -> None:
    # Wellington to Salamanca, an example of GeographicLib's GeodSolve.
    found = distance_m(174.81, -41.32, -5.50, 40.96)[0]
    assert found == pytest.approx(19_959_679.267, abs=0.01)
