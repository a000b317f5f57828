"""Lots on the road: which have a tracker, where their trucks rest, and what befalls them there."""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from geo.corridor import Route
from simulator import trucks
from simulator.calendar import HOUR, MINUTE
from simulator.chance import Chance
from simulator.delivery import Delivery
from simulator.earth import Place, distance_m
from simulator.lots import Lot
from simulator.market import Market
from simulator.trucks import LEGS, Stay, Trip
from simulator.wrong_ways import place_of_rest, way_around

FIRST_TRACKER, FIRST_SPARE = 7001, 9001
TRACKERS = 12


class Journey(NamedTuple):
    """When a lot arrives, and the tracker that went with it."""

    arrives_ms: int
    tracker_id: str | None


@dataclass
class _Trackers:
    """Trackers that are used again; where none is free, one more is bought."""

    first: int
    free_at: list[int]

    def take(self, at_ms: int) -> int:
        """The number of one that is free then."""
        free = [n for n, until in enumerate(self.free_at) if until <= at_ms]
        if not free:
            self.free_at.append(0)
        return free[0] if free else len(self.free_at) - 1

    def name(self, number: int) -> str:
        """Its id."""
        return f"TRK-{self.first + number}"


class Journeys:
    """Drives lots. Those that leave their way or fall silent draw on ``roads`` and have trackers
    of their own, so that they change no other's journey."""

    def __init__(self, market: Market, delivery: Delivery, chance: Chance, roads: Chance) -> None:
        self._market, self._delivery = market, delivery
        self._chance, self._roads = chance, roads
        self._trackers = _Trackers(FIRST_TRACKER, [0] * TRACKERS)
        self._spare = _Trackers(FIRST_SPARE, [])

    def drive(self, lot: Lot, route: list[Place], leaves_ms: int) -> Journey:
        """A truck's way; with a tracker, its pings are sent."""
        planned = Stay(0.5, route[6], 45 * MINUTE)
        if lot.fate.detour or lot.fate.hush:
            return self._wrong_way(lot, route, leaves_ms, planned)
        if not lot.tracked:
            way_ms = trucks.driving_ms(route) + planned.stay_ms
            return Journey(leaves_ms + way_ms + (4 * HOUR if lot.fate.opened else 0), None)
        return self._tracked(lot, route, leaves_ms, planned)

    def _tracked(self, lot: Lot, route: list[Place], leaves_ms: int, planned: Stay) -> Journey:
        stays, warm = [planned], None
        if lot.fate.stop:
            stays.append(self._unplanned(lot, route))
        elif self._chance.happens(0.3):
            stays.append(Stay(0.75, route[9], self._chance.integer(15, 40) * MINUTE))
        if lot.fate.warm:
            begins = leaves_ms + trucks.driving_ms(route) // 3
            warm = (begins, begins + 150 * MINUTE, lot.fate.warm)
            lot.fate.warm.shipment_ids.append(lot.shipment_id)
        tracker = self._trackers.take(leaves_ms)
        name = self._trackers.name(tracker)
        trip = Trip(name, route, leaves_ms, stays, _cold_c(lot), warm)
        arrives_ms = trucks.drive(trip, self._delivery.put, self._chance)
        self._trackers.free_at[tracker] = arrives_ms + 6 * HOUR
        return Journey(arrives_ms, name)

    def _unplanned(self, lot: Lot, route: list[Place]) -> Stay:
        """Two or three hours at a place outside the dealer's territory, away from the route."""
        ends = (route[0], route[-1])
        towns = [
            (detour, n, town)
            for n, town in enumerate(self._market.country.towns)
            if min(distance_m(town.place, e) for e in ends) > 20_000
            and (detour := min(distance_m(town.place, p) for p in route[2:-2])) > 9_000
            and not self._market.within(lot.party.home, town.place)
        ]
        _, _, town = self._chance.one_of(sorted(towns)[:12])
        near = min(range(2, LEGS - 1), key=lambda i: distance_m(route[i], town.place))
        incident = lot.fate.stop
        if incident:
            incident.territory_id = self._market.territory_at(town.place)
        stay_ms = self._chance.integer(120, 200) * MINUTE
        return Stay((near + 0.5) / LEGS, town.place, stay_ms, incident)

    def _wrong_way(self, lot: Lot, route: list[Place], leaves_ms: int, planned: Stay) -> Journey:
        """Around the corridor, or at rest in it without a word."""
        driven, stays, off = route, [planned], None
        if detour := lot.fate.detour:
            driven = way_around(route, detour, self._is_land, self._roads)
            off = (Route(route), detour.account)
        elif rest := self._mute_rest(lot, route):
            stays.append(rest)
        tracker = self._spare.take(leaves_ms)
        name = self._spare.name(tracker)
        trip = Trip(name, driven, leaves_ms, stays, _cold_c(lot), off=off)
        put = partial(self._delivery.put, chance=self._roads)
        arrives_ms = trucks.drive(trip, put, self._roads)
        torn_off = lot.fate.hush is not None and lot.fate.hush.for_good
        self._spare.free_at[tracker] = 1 << 60 if torn_off else arrives_ms + 6 * HOUR
        return Journey(arrives_ms, name)

    def _mute_rest(self, lot: Lot, route: list[Place]) -> Stay | None:
        """A rest far from where the truck may rest anyhow; None where the way is too short."""
        hush = lot.fate.hush
        assert hush is not None
        party = lot.party
        planned = [route[0], route[6], route[-1]]
        planned += [warehouse.town.place for warehouse in party.warehouses]
        planned += [outlet.town.place for outlet in party.outlets]
        corner = place_of_rest(route, planned, hush, self._roads)
        if corner is None:
            return None
        hush.account.territory_id = self._market.territory_at(route[corner])
        return Stay(corner / LEGS, route[corner], hush.rest_ms, hush=hush)

    def _is_land(self, place: Place) -> bool:
        return self._market.territory_at(place) is not None


def _cold_c(lot: Lot) -> float | None:
    """The middle of the cold room's temperatures."""
    cold = lot.product.storage_c
    return (cold.min + cold.max) / 2 if cold else None
