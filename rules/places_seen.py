"""The places where one item was read, each far from the others; what is near one of them is it."""

import math

LonLat = tuple[float, float]

EARTH_RADIUS_M = 6_371_009.0
_DEGREE_M = math.radians(EARTH_RADIUS_M)
MOST_PLACES = 8


def rough_m(a: LonLat, b: LonLat) -> float:
    """Great-circle distance in metres on a sphere, within 0.6 % of the geodesic."""
    lat_a, lat_b = math.radians(a[1]), math.radians(b[1])
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b[0] - a[0]) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def at_most_m(a: LonLat, b: LonLat) -> float:
    """A way along the parallel and the meridian, which is no shorter; it costs a fifth."""
    return (abs(a[1] - b[1]) + abs(a[0] - b[0])) * _DEGREE_M


def is_near(a: LonLat, b: LonLat, apart_m: float) -> bool:
    """Whether two places are closer than that: by the sides of the way where they tell, else by its
    length."""
    north_m = abs(a[1] - b[1]) * _DEGREE_M
    if north_m > apart_m + 1:
        return False
    if north_m + abs(a[0] - b[0]) * _DEGREE_M < apart_m - 1:
        return True
    return rough_m(a, b) < apart_m


def with_place(
    places: tuple[LonLat, ...], place: LonLat, apart_m: float
) -> tuple[LonLat, ...]:
    """The places with one more, if it is far from all of them and there is room."""
    if len(places) >= MOST_PLACES:
        return places
    for other in places:
        if is_near(place, other, apart_m):
            return places
    return (*places, place)
