"""Distances and steps on a sphere: what a made-up world needs, no more."""

import math
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
DEGREE_M = math.radians(1.0) * EARTH_RADIUS_M


class Place(NamedTuple):
    """A point on WGS-84, in degrees."""

    lon: float
    lat: float


def distance_m(a: Place, b: Place) -> float:
    """Great-circle distance (haversine) in metres."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    across = math.sin((lat_b - lat_a) / 2) ** 2
    along = math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return (
        2
        * EARTH_RADIUS_M
        * math.asin(math.sqrt(across + math.cos(lat_a) * math.cos(lat_b) * along))
    )


def moved(place: Place, east_m: float, north_m: float) -> Place:
    """The place so many metres to the east and north (a plane's step, fine up to some 100 km)."""
    lat = place.lat + north_m / DEGREE_M
    return Place(place.lon + east_m / (DEGREE_M * math.cos(math.radians(place.lat))), lat)


def between(a: Place, b: Place, share: float) -> Place:
    """The place at this share of the straight line in lon/lat from ``a`` to ``b``."""
    return Place(a.lon + (b.lon - a.lon) * share, a.lat + (b.lat - a.lat) * share)


def offset_hours(place: Place) -> int:
    """Standard time there, in whole hours from UTC, by longitude."""
    return round(place.lon / 15.0)
