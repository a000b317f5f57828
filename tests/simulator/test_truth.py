from datetime import timedelta

import pytest
import shapely

from events import ItemEvent, Order, Position, Scan, happened_at
from simulator.earth import Place, distance_m
from simulator.truth import Incident
from tests.simulator.worlds import World

CASE_KINDS = {"diversion", "clone", "transport", "cold-chain", "price", "order", "custody"}


@pytest.fixture(params=["standard", "hard"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = request.getfixturevalue(request.param)
    return made


def test_every_event_of_the_truth_stands_in_the_recording(world: World) -> None:
    known = {event.event_id for event in world.events}
    for incident in [*world.truth["incidents"], *world.truth["innocents"]]:
        assert incident["event_ids"]
        assert set(incident["event_ids"]) <= known
    for incident in world.truth["incidents"]:
        assert set(incident["first_foreign_scan_ids"]) <= set(incident["event_ids"])


def test_incidents_name_dealers_and_territories_that_exist(world: World) -> None:
    dealers = {dealer.dealer_id for dealer in world.registry["dealers"]}
    territories = {territory.territory_id for territory in world.territories}
    for incident in world.truth["incidents"]:
        assert incident["kind"] in CASE_KINDS
        assert incident["difficulty"] in ("standard", "hard")
        assert incident["dealer_id"] is None or incident["dealer_id"] in dealers
        assert set(incident["territory_ids"]) <= territories
        assert incident["first_at"] <= incident["last_at"]


def test_a_clean_world_has_no_incident_and_all_the_oddities(clean: World) -> None:
    assert clean.truth["incidents"] == []
    patterns = {innocent["pattern"] for innocent in clean.truth["innocents"]}
    assert {"permit", "resale-between-dealers", "trade-show", "showcase"} <= patterns
    assert all(scan.signature == "valid" and scan.issued for scan in clean.scans)


@pytest.mark.parametrize(
    "pattern",
    ["leak", "printed-copies", "bad-signature", "recalled-scanned", "truck-stop"],
)
def test_a_small_world_shows_each_kind(standard: World, pattern: str) -> None:
    assert any(incident["detectable"] for incident in standard.incidents(pattern))


def test_leaked_goods_are_seen_outside_the_dealers_territories(world: World) -> None:
    scans = {scan.event_id: scan for scan in world.scans}
    areas = world.areas
    for leak in world.incidents("leak"):
        own = shapely.union_all([areas[t] for t in _authorised(world, leak["dealer_id"])])
        seen = [scans[event_id] for event_id in leak["first_foreign_scan_ids"]]
        outside = [s for s in seen if s.location and not own.contains(_point(s))]
        assert len(outside) >= 0.9 * len(seen)
        assert not own.contains(areas[leak["territory_id"]])


def test_a_clear_leak_is_seen_by_satellite(standard: World) -> None:
    scans = {scan.event_id: scan for scan in standard.scans}
    (leak,) = standard.incidents("leak")
    by_satellite = {
        scans[event_id].serial
        for event_id in leak["first_foreign_scan_ids"]
        if (location := scans[event_id].location) and location.source == "gnss"
    }
    assert len(by_satellite) >= 8


def test_copies_are_seen_where_nobody_can_have_carried_them(world: World) -> None:
    for clone in world.incidents("printed-copies"):
        ids = set(clone["first_foreign_scan_ids"])
        first, second = (scan for scan in world.scans if scan.event_id in ids)
        assert first.location
        assert second.location
        away = distance_m(
            Place(first.location.lon, first.location.lat),
            Place(second.location.lon, second.location.lat),
        )
        assert away > 300_000
        assert abs(first.received_at - second.received_at) < timedelta(days=10)


@pytest.mark.parametrize(
    ("least_twice", "at_home", "is_detectable"),
    [(0, [], True), (1, [], False), (1, ["A"], True), (1, ["C"], False), (2, ["A", "A"], False)],
)
def test_copies_can_be_told_where_enough_codes_are_read_in_both_places(
    least_twice: int, at_home: list[str], is_detectable: bool
) -> None:
    block = Incident("clone", "copied-block", "hard", [], least_seen=2, least_twice=least_twice)
    for number, code in enumerate("AB"):
        block.reveal(f"s{number}", number, code, None)
    for code in at_home:
        block.far_off(code)
    assert block.is_detectable == is_detectable


def test_an_order_can_be_told_from_usual_ones_after_three_of_them(world: World) -> None:
    orders = {event.event_id: event for event in world.events if isinstance(event, Order)}
    for incident in world.incidents("excessive-order"):
        large = orders[incident["event_ids"][0]]
        before = [
            order
            for order in orders.values()
            if (order.dealer_id, order.gtin) == (large.dealer_id, large.gtin)
            and order.ordered_at < large.ordered_at
        ]
        assert len(before) >= 3 or not incident["detectable"]


def test_a_truck_rests_long_outside_the_receivers_territory(standard: World) -> None:
    (stop,) = standard.incidents("truck-stop")
    ids = set(stop["event_ids"])
    pings = {
        e.fixed_at: e for e in standard.events if isinstance(e, Position) and e.event_id in ids
    }
    assert max(pings) - min(pings) > timedelta(minutes=90)
    assert all((ping.speed_mps or 0) < 2 for ping in pings.values())
    assert stop["territory_id"] not in _authorised(standard, stop["dealer_id"])


def test_recalled_items_are_scanned_after_the_recall(standard: World) -> None:
    (recalled,) = standard.incidents("recalled-scanned")
    assert recalled["expects"] == "alert"
    (recall,) = (
        e
        for e in {e.event_id: e for e in standard.events if isinstance(e, ItemEvent)}.values()
        if e.event["disposition"] == "recalled"
    )
    assert recalled["item_uris"]
    assert set(recalled["item_uris"]) <= set(recall.event["epcList"])
    since = happened_at(recall)
    for event in standard.events:
        if isinstance(event, ItemEvent) and event.event["bizStep"] == "retail_selling":
            late = happened_at(event) > since
            assert not (late and set(event.event["epcList"]) & set(recall.event["epcList"]))


def _authorised(world: World, dealer_id: str) -> set[str]:
    """All territories a dealer, or where it has no rows of its own its parent, ever has."""
    dealers = {dealer.dealer_id: dealer for dealer in world.registry["dealers"]}
    rows = [a for a in world.registry["authorisations"] if a.dealer_id == dealer_id]
    if not rows:
        return _authorised(world, dealers[dealer_id].parent_id)
    return {territory_id for row in rows for territory_id in row.territory_ids}


def _point(scan: Scan) -> shapely.Point:
    assert scan.location
    return shapely.Point(scan.location.lon, scan.location.lat)
