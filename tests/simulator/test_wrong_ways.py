from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import simulator.world
from events import Position
from geo.corridor import Route
from registry.model import Shipment
from simulator.calendar import HOUR, MINUTE
from simulator.chance import Chance
from simulator.earth import Place, distance_m
from simulator.plots import Plotting
from simulator.trucks import Stay, Trip, drive, planned_route
from simulator.truth import Incident
from simulator.wish import Wish
from simulator.world import simulate_world
from simulator.wrong_ways import Hush
from tests.simulator.worlds import World, read_world

ROUTE = planned_route(Place(-100.0, 40.0), Place(-95.0, 41.0), Chance(1, "route"))


@pytest.fixture(params=["standard", "hard"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = request.getfixturevalue(request.param)
    return made


def test_a_truck_that_leaves_its_corridor_drives_on_far_from_it(world: World) -> None:
    (incident,) = world.incidents("off-corridor")
    shipment, pings = _of(incident, world)
    assert shipment.route
    route = Route(shipment.route)
    away = [float(route.distance_m(ping.lon, ping.lat)[0]) for ping in pings]
    assert min(away) > 4_500
    assert max(away) > 50_000
    assert pings[-1].fixed_at - pings[0].fixed_at > timedelta(minutes=60)
    assert all((ping.speed_mps or 0) > 5 for ping in pings)


def test_a_road_that_is_closed_leads_no_truck_far(world: World) -> None:
    (told,) = (i for i in world.truth["innocents"] if i["pattern"] == "closed-road")
    by_id = {e.event_id: e for e in world.events if isinstance(e, Position)}
    pings = [by_id[event_id] for event_id in told["event_ids"]]
    routes = [
        Route(s.route)
        for s in world.registry["shipments"]
        if s.tracker_id == pings[0].tracker_id and s.route
    ]
    for ping in pings:
        away_m = min(float(route.distance_m(ping.lon, ping.lat)[0]) for route in routes)
        assert 4_500 < away_m < 18_000


def test_a_tracker_that_falls_silent_says_nothing_between_its_two_pings(world: World) -> None:
    (incident,) = world.incidents("tracker-silent")
    shipment, pings = _of(incident, world)
    track = _track(world, shipment)
    later = [ping.fixed_at for ping in track if ping.fixed_at > pings[0].fixed_at]
    if len(pings) == 1:
        assert later == []
        return
    assert min(later) == pings[1].fixed_at
    assert pings[1].fixed_at - pings[0].fixed_at > timedelta(hours=3.5)


def test_a_truck_falls_silent_far_from_where_it_may_rest(world: World) -> None:
    (incident,) = world.incidents("tracker-silent")
    shipment, pings = _of(incident, world)
    last = Place(pings[0].lon, pings[0].lat)
    assert shipment.route
    assert shipment.stops
    places = [Place(*shipment.route[0]), Place(*shipment.route[-1])]
    places += [Place(stop.lon, stop.lat) for stop in shipment.stops]
    assert min(distance_m(last, place) for place in places) > 6_000


@pytest.mark.parametrize("for_good", [False, True])
def test_a_mute_tracker_is_heard_again_only_if_it_was_not_torn_off(for_good: bool) -> None:
    sent: list[int] = []
    incident = Incident("transport", "tracker-silent", "standard", [])
    stay = Stay(3 / 12, ROUTE[3], 5 * HOUR, hush=Hush(incident, 5 * HOUR, for_good))

    def put(kind: str, event_id: str, received_ms: int, body: dict[str, Any]) -> bool:
        sent.append(int(datetime.fromisoformat(body["fixed_at"]).timestamp() * 1000))
        return True

    ends_ms = drive(Trip("T", ROUTE, 0, [stay]), put, Chance(4, "drive"))
    gaps = [b - a for a, b in pairwise(sent)]
    assert len(incident.events) == (1 if for_good else 2)
    if for_good:
        assert sent[-1] < ends_ms - 5 * HOUR
        assert max(gaps) < 30 * MINUTE
    else:
        assert sent[-1] > ends_ms - 30 * MINUTE
        assert 5 * HOUR <= max(gaps) < 6 * HOUR


def test_what_befalls_some_trucks_changes_no_event_but_of_their_goods(
    standard: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(plotting: Plotting, chance: Chance) -> None:
        pass

    monkeypatch.setattr(simulator.world, "plan_roads", nothing)
    simulate_world(Wish(7, 300), tmp_path)
    plain = read_world(tmp_path)
    here = {event.event_id: event for event in standard.events}
    assert {event.event_id for event in plain.events} <= set(here)
    changed = {e.event_id for e in plain.events if here[e.event_id] != e}
    assert len(changed) < 0.1 * len(plain.events)
    assert {i["pattern"] for i in standard.truth["incidents"]} - {
        i["pattern"] for i in plain.truth["incidents"]
    } == {"off-corridor", "tracker-silent"}


def _of(incident: dict[str, Any], world: World) -> tuple[Shipment, list[Position]]:
    """The incident's shipment and its pings, in order."""
    (shipment_id,) = incident["shipment_ids"]
    shipments = {s.shipment_id: s for s in world.registry["shipments"]}
    ids = set(incident["event_ids"])
    pings = {e.event_id: e for e in world.events if isinstance(e, Position) and e.event_id in ids}
    assert set(pings) == ids
    return shipments[shipment_id], sorted(pings.values(), key=lambda ping: ping.fixed_at)


def _track(world: World, shipment: Shipment) -> list[Position]:
    assert shipment.depart_after
    assert shipment.arrive_before
    return [
        e
        for e in world.events
        if isinstance(e, Position)
        and e.tracker_id == shipment.tracker_id
        and shipment.depart_after <= e.fixed_at < shipment.arrive_before
    ]
