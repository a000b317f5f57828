"""Ways that trucks should not take: around, off their corridor, and at rest with a mute tracker."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from simulator.chance import Chance
from simulator.earth import DEGREE_M, Place, distance_m, moved
from simulator.scans import Account

CORNERS = (3, 9)
"""Where a way around begins to be one: a quarter of the route before or behind its planned stop."""
RESTS = (2, 3, 4, 8, 9, 10)
LAST_RESTS = (8, 9, 10)
REMOTE_M = 20_000.0
"""So far from every place where it may rest does a truck fall silent."""


@dataclass(frozen=True)
class Detour:
    """A truck keeps so far from its planned route, on a quarter of it or around one corner."""

    account: Account
    off_m: float
    is_wide: bool


@dataclass(frozen=True)
class Hush:
    """A truck rests for so long, and its tracker says nothing meanwhile, or never again."""

    account: Account
    rest_ms: int
    for_good: bool


def way_around(
    route: Sequence[Place], detour: Detour, is_land: Callable[[Place], bool], chance: Chance
) -> list[Place]:
    """The route with some corners moved to one side, to land where there is any."""
    corner = chance.one_of(CORNERS)
    sides = [detour.off_m, -detour.off_m]
    chance.shuffle(sides)
    aside = [_aside(route, corner, off_m) for off_m in sides]
    east_m, north_m = next(
        (step for step in aside if is_land(moved(route[corner], *step))), aside[0]
    )
    reach = 1 if detour.is_wide else 0
    return [
        moved(place, east_m, north_m) if abs(number - corner) <= reach else place
        for number, place in enumerate(route)
    ]


def _aside(route: Sequence[Place], corner: int, off_m: float) -> tuple[float, float]:
    """The step of this length, in metres east and north, across the route at a corner."""
    before, after = route[corner - 1], route[corner + 1]
    east = (after.lon - before.lon) * math.cos(math.radians(route[corner].lat)) * DEGREE_M
    north = (after.lat - before.lat) * DEGREE_M
    length = math.hypot(east, north) or 1.0
    return -north / length * off_m, east / length * off_m


def place_of_rest(
    route: Sequence[Place], planned: Iterable[Place], hush: Hush, chance: Chance
) -> int | None:
    """A corner of the route far from all planned places; None on a short way."""
    places = list(planned)
    remote = [
        corner
        for corner in (LAST_RESTS if hush.for_good else RESTS)
        if all(distance_m(route[corner], place) > REMOTE_M for place in places)
    ]
    return chance.one_of(remote) if remote else None
