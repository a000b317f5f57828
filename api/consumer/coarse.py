"""A consumer's place, made coarse before it is stored: to a hundredth of a degree.

What a browser reports is rounded to a grid of about a kilometre, and the radius grows by what the
rounding adds, so that a verdict near a border becomes less certain and never wrong.
"""

import math

from events.model import Crs, Location, Source

GRID_DEGREES = 0.01
_METRES_A_DEGREE = 111_320.0
_SIGMA_OF_GRID_M = GRID_DEGREES * _METRES_A_DEGREE / math.sqrt(12)
"""Standard deviation on an axis of a place spread evenly over a cell."""
_RADIUS_95 = math.sqrt(-2 * math.log(1 - 0.95))
"""Radius in sigmas that holds 95 % of an isotropic Gaussian."""
_LEAST_PRECISE_NETWORK_M = 5000.0
"""Beyond it a browser has only guessed from its address, which proves no county."""


def coarse_location(lon: float, lat: float, accuracy_m: float, crs: Crs) -> Location:
    """The fix of a browser, whose accuracy is at the 95 % level (W3C Geolocation), made coarse.

    Raises:
        ValueError: it is no place, as 0, 0 is none.
    """
    sigma = math.hypot(accuracy_m / _RADIUS_95, _SIGMA_OF_GRID_M)
    source: Source = "network" if accuracy_m <= _LEAST_PRECISE_NETWORK_M else "ip"
    return Location(
        lon=min(180.0, max(-180.0, round(lon, 2))),
        lat=min(90.0, max(-90.0, round(lat, 2))),
        accuracy_m=round(min(sigma * _RADIUS_95, 20_000_000.0), 1),
        level=0.95,
        source=source,
        crs=crs,
    )
