"""Trucks on their way: planned routes and stops, pings of trackers, stays that were not planned."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geo.corridor import Route
from simulator import calendar
from simulator.calendar import MINUTE, SECOND
from simulator.chance import Chance
from simulator.earth import Place, between, distance_m, moved
from simulator.scans import Account
from simulator.truth import Incident
from simulator.wrong_ways import Hush

LEGS = 12
CORRIDOR_M = 5_000.0
PING_MS = 4 * MINUTE
SPEED_MPS = 21.0
DEAD_ZONES = 0.25
"""The share of trips with half an hour without a network: its pings come together behind it."""
ROADS = 1.05
"""A truck's way is so much longer than the planned line."""


def planned_route(start: Place, goal: Place, chance: Chance) -> list[Place]:
    """A line of twelve legs that winds a little around the straight one."""
    length = distance_m(start, goal)
    swing, phase = 0.03 * length * chance.between(-1, 1), chance.between(0.5, 1.5)
    points = []
    for leg in range(LEGS + 1):
        share = leg / LEGS
        off = swing * math.sin(math.pi * share) * math.sin(phase * math.pi * share)
        place = (
            moved(between(start, goal, share), off, -off)
            if 0 < leg < LEGS
            else between(start, goal, share)
        )
        points.append(Place(round(place.lon, 5), round(place.lat, 5)))
    return points


def route_length_m(route: Sequence[Place]) -> float:
    """Metres along the line."""
    return sum(distance_m(a, b) for a, b in pairwise(route))


def driving_ms(route: Sequence[Place]) -> int:
    """How long the way takes without stops."""
    return int(route_length_m(route) * ROADS / SPEED_MPS * SECOND) + 20 * MINUTE


@dataclass(frozen=True)
class Stay:
    """A truck at rest at a place, after so much of its route, for so long."""

    share: float
    place: Place
    stay_ms: int
    incident: Incident | None = None
    hush: Hush | None = None
    """Where the tracker says nothing meanwhile."""


Put = Callable[[str, str, int, dict[str, object]], bool]
"""Sends an event: kind, id, time of receipt, content; whether it arrived."""


@dataclass(frozen=True)
class Trip:
    """One shipment's drive."""

    tracker_id: str
    route: Sequence[Place]
    departs_ms: int
    stays: Sequence[Stay]
    cold_c: float | None = None
    warm: tuple[int, int, Incident] | None = None
    """From when until when the cooling failed."""
    off: tuple[Route, Account] | None = None
    """The planned route where another is driven, and who keeps book of the pings off it."""


@dataclass
class _Cargo:
    """The cold room's temperature, which drifts."""

    wobble_c: float = 0.0


def waypoints(trip: Trip) -> list[tuple[int, Place, Stay | None]]:
    """Where the truck is when: the corners of its way and both ends of each stay."""
    at_ms, place = trip.departs_ms, trip.route[0]
    found: list[tuple[int, Place, Stay | None]] = [(at_ms, place, None)]
    stays = sorted(trip.stays, key=lambda stay: stay.share)
    for leg, corner in enumerate(trip.route[1:], start=1):
        while stays and stays[0].share <= leg / LEGS:
            stay = stays.pop(0)
            at_ms += _leg_ms(place, stay.place)
            found.append((at_ms, stay.place, stay))
            at_ms += stay.stay_ms
            place = stay.place
            found.append((at_ms, place, None))
        at_ms += _leg_ms(place, corner)
        place = corner
        found.append((at_ms, place, None))
    return found


def _leg_ms(a: Place, b: Place) -> int:
    return int(distance_m(a, b) * ROADS / SPEED_MPS * SECOND)


def drive(trip: Trip, put: Put, chance: Chance) -> int:
    """Send the pings of a trip and give the time of arrival."""
    points, cargo, silence = waypoints(trip), _Cargo(), _Silence()
    zone = (0, 0)
    if chance.happens(DEAD_ZONES):
        enters_ms = trip.departs_ms + int(chance.between(0.2, 0.7) * (points[-1][0] - points[0][0]))
        zone = (enters_ms, enters_ms + chance.integer(20, 50) * MINUTE)
    at_ms, ends = trip.departs_ms + chance.integer(20, 200) * SECOND, points[-1][0]
    leg = 0
    while at_ms < ends:
        while points[leg + 1][0] <= at_ms:
            leg += 1
        if not chance.happens(0.03) and not silence.holds(points[leg][2]):
            sent = _ping(trip, points, leg, at_ms, cargo, zone, put, chance)
            silence.heard(sent)
        at_ms += PING_MS + chance.integer(-5, 5) * SECOND
    return ends


@dataclass
class _Silence:
    """Whether the tracker is mute, and between which pings: these go to who keeps book of it."""

    hush: Hush | None = None
    is_mute: bool = False
    last: tuple[str, int] | None = None

    def holds(self, stay: Stay | None) -> bool:
        """Whether the tracker says nothing now."""
        if stay is not None and stay.hush is not None and not self.is_mute:
            self.hush, self.is_mute = stay.hush, True
            if self.last is not None:
                self.hush.account.add(*self.last)
        elif self.is_mute and self.hush and not self.hush.for_good:
            self.is_mute = stay is not None and stay.hush is not None
        return self.is_mute

    def heard(self, sent: tuple[str, int] | None) -> None:
        """A ping that arrived: its id and time of receipt."""
        self.last = sent or self.last
        if sent is not None and self.hush is not None:
            self.hush.account.add(*sent)
            self.hush = None


def _ping(
    trip: Trip,
    points: list[tuple[int, Place, Stay | None]],
    leg: int,
    at_ms: int,
    cargo: _Cargo,
    zone: tuple[int, int],
    put: Put,
    chance: Chance,
) -> tuple[str, int] | None:
    start_ms, start, stay = points[leg]
    end_ms, end, _ = points[leg + 1]
    true = between(start, end, (at_ms - start_ms) / max(end_ms - start_ms, 1))
    accuracy_m = 3.0 + chance.exponential(5.0)
    seen = moved(true, 0.6 * accuracy_m * chance.normal(), 0.6 * accuracy_m * chance.normal())
    resting = stay is not None
    speed_mps = abs(0.3 * chance.normal()) if resting else SPEED_MPS + 1.5 * chance.normal()
    body: dict[str, object] = {
        "tracker_id": trip.tracker_id,
        "fixed_at": calendar.utc(at_ms),
        "lon": round(seen.lon, 6),
        "lat": round(seen.lat, 6),
        "accuracy_m": round(accuracy_m, 1),
        "crs": "wgs84",
        "speed_mps": round(max(speed_mps, 0.0), 1),
    }
    accounts: list[Account] = [stay.incident] if stay is not None and stay.incident else []
    if trip.off and trip.off[0].distance_m(true.lon, true.lat)[0] > CORRIDOR_M:
        accounts.append(trip.off[1])
    if trip.cold_c is not None:
        cargo.wobble_c = 0.9 * cargo.wobble_c + 0.25 * chance.normal()
        warm = trip.warm is not None and trip.warm[0] <= at_ms < trip.warm[1]
        body["temperature_c"] = round(
            -4.0 + cargo.wobble_c if warm else trip.cold_c + cargo.wobble_c, 1
        )
        if warm and trip.warm:
            accounts.append(trip.warm[2])
    sent_ms = zone[1] if zone[0] <= at_ms < zone[1] else at_ms
    received_ms = sent_ms + chance.integer(300, 3500)
    event_id = f"pos-{chance.hexadecimal(8)}"
    if not put("position", event_id, received_ms, body):
        return None
    for account in accounts:
        account.add(event_id, received_ms)
    return event_id, received_ms
