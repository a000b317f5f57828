"""A stay: a tracker's fixes about one spot."""

from typing import NamedTuple

from events.model import Crs, Position
from geo.geodesic import between_m
from registry import Policy
from rules.model import Place
from rules.transport import POSITION_LEVEL


class Fix(NamedTuple):
    """One fix, as far as a stay needs it. ``placed_us``: when it was at its place, where it spoke
    later from one that it cannot have reached."""

    identity: str
    at_us: int
    lon: float
    lat: float
    accuracy_m: float
    crs: Crs
    placed_us: int | None = None


class Stay(NamedTuple):
    """Fixes about one spot: the first and the newest, one that strayed, how often it was told."""

    first: Fix
    last: Fix
    stray: Fix | None = None
    told: int = 0

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return (self.last.at_us - self.first.at_us) / 1e6

    @property
    def place(self) -> Place:
        """Where it is."""
        fix = self.first
        return Place(fix.lon, fix.lat, fix.accuracy_m, POSITION_LEVEL, "gnss", fix.crs)


def fix_of(identity: str, at_us: int, position: Position) -> Fix:
    """The fix in a position."""
    return Fix(identity, at_us, position.lon, position.lat, position.accuracy_m, position.crs)


def believed(last: Fix, fix: Fix, policy: Policy) -> Fix:
    """The newer fix, or the last place with the newer one's time: GPS jumps, and what no truck can
    have reached is no place of it."""
    placed_us = last.at_us if last.placed_us is None else last.placed_us
    errors_m = last.accuracy_m + fix.accuracy_m
    apart_m = between_m(last.lon, last.lat, fix.lon, fix.lat) - errors_m
    if apart_m <= policy.jump_speed_mps * (fix.at_us - placed_us) / 1e6:
        return fix
    return last._replace(identity=fix.identity, at_us=fix.at_us, placed_us=placed_us)


def follow(
    stay: Stay | None, identity: str, at_us: int, position: Position, policy: Policy
) -> Stay | None:
    """The stay after one more fix. A single stray fix does not end a stay: GPS jumps."""
    fix = fix_of(identity, at_us, position)
    moving = position.speed_mps is not None and position.speed_mps > policy.stop_speed_mps
    if stay is None or at_us - stay.last.at_us > policy.stop_max_gap_s * 1e6:
        return None if moving else Stay(fix, fix)
    if not moving and _is_near(stay.first, fix, policy.stop_radius_m):
        return stay._replace(last=fix, stray=None)
    if stay.stray is None:
        return stay._replace(stray=fix)
    return None if moving else Stay(fix, fix)


def _is_near(first: Fix, fix: Fix, radius_m: float) -> bool:
    apart_m = between_m(first.lon, first.lat, fix.lon, fix.lat)
    return apart_m <= radius_m + first.accuracy_m + fix.accuracy_m
