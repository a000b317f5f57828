"""Every clean world holds what only looks wrong (docs/simulator.md)."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import shapely

from events import ItemEvent, Scan, happened_at
from simulator.atlas import read_atlas
from simulator.chance import Chance
from simulator.country import TOURIST_TOWNS, settle
from simulator.earth import Place, distance_m
from simulator.levels import LEVELS
from simulator.phone import Phone
from simulator.wish import Wish
from simulator.world import simulate_world
from tests.simulator.worlds import World, read_world


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A clean world that is large enough for everything."""
    folder = tmp_path_factory.mktemp("large") / "world"
    simulate_world(Wish(4, 3000, "clean"), folder)
    return read_world(folder)


@pytest.mark.parametrize(
    ("pattern", "events"),
    [
        ("permit", 10),
        ("resale-between-dealers", 2),
        ("trade-show", 40),
        ("showcase", 100),
        ("corrected-receipt", 2),
        ("second-hand", 3),
        ("closed-road", 3),
        ("tracker-without-power", 2),
    ],
)
def test_a_clean_world_tells_of_its_oddities(clean: World, pattern: str, events: int) -> None:
    found = [i for i in clean.truth["innocents"] if i["pattern"] == pattern]
    assert sum(len(innocent["event_ids"]) for innocent in found) >= events
    assert clean.truth["incidents"] == []


def test_every_dealer_has_an_outlet_near_its_border(clean: World) -> None:
    areas = clean.areas
    everything = shapely.union_all(list(areas.values())).buffer(-0.05)
    for dealer in clean.registry["dealers"]:
        authorised = clean.registry["authorisations"]
        rows = [row for row in authorised if row.dealer_id == dealer.dealer_id]
        rows = rows or [row for row in authorised if row.dealer_id == dealer.parent_id]
        own = shapely.union_all([areas[t] for row in rows for t in row.territory_ids])
        border = own.boundary.intersection(everything)
        outlets = [
            shapely.Point(site.lon, site.lat)
            for site in clean.registry["sites"]
            if site.dealer_id == dealer.dealer_id and site.role == "outlet"
        ]
        assert min(border.distance(outlet) for outlet in outlets) < 0.5


def test_some_towns_draw_far_more_people_than_live_there() -> None:
    towns = settle(read_atlas(), Chance(4, "country")).towns
    assert sum(town.attraction > 30 * town.weight for town in towns) == TOURIST_TOWNS


def test_people_carry_goods_far(clean: World) -> None:
    places: dict[object, list[Place]] = defaultdict(list)
    for scan in clean.scans:
        if scan.location and scan.location.source != "ip":
            places[scan.gtin, scan.serial].append(Place(scan.location.lon, scan.location.lat))
    far = [p for p in places.values() if any(distance_m(p[0], q) > 150_000 for q in p)]
    assert len(far) > 5


def test_a_territory_is_handed_over_and_a_warehouse_moves(clean: World) -> None:
    rows = clean.registry["authorisations"]
    handed = [
        (a.dealer_id, b.dealer_id)
        for a in rows
        for b in rows
        if a.valid_to and a.valid_to == b.valid_from and a.territory_ids == b.territory_ids
    ]
    assert handed == [("D002", "D003")]
    warehouses = Counter(s.dealer_id for s in clean.registry["sites"] if s.role == "warehouse")
    assert 2 in {warehouses[dealer.dealer_id] for dealer in clean.registry["dealers"]}


def test_a_sub_dealer_without_rows_sells_in_its_parents_territory(clean: World) -> None:
    authorised = {row.dealer_id for row in clean.registry["authorisations"]}
    subs = [d for d in clean.registry["dealers"] if d.parent_id and d.dealer_id not in authorised]
    assert subs
    shops = {s.site_gln for s in clean.registry["sites"] if s.dealer_id == subs[0].dealer_id}
    sold = [
        e
        for e in _item_events(clean)
        if e.event["bizStep"] == "retail_selling" and _site(e) in shops
    ]
    assert sold


def test_items_come_back_and_are_sold_again(clean: World) -> None:
    steps: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for event in _item_events(clean):
        if event.event["bizStep"] in ("returning", "retail_selling"):
            (item,) = event.event["epcList"]
            steps[item].append((happened_at(event), event.event["bizStep"]))
    again = [s for s in map(sorted, steps.values()) if any(name == "returning" for _, name in s)]
    assert again
    assert any(s[-1][1] == "retail_selling" for s in again)


def test_a_visit_may_be_several_scans(clean: World) -> None:
    visits = Counter(scan.session for scan in _once(clean.scans) if scan.session)
    assert sum(count > 1 for count in visits.values()) > 100
    assert max(visits.values()) >= 6


def test_some_phones_claim_two_metres_and_are_300_off() -> None:
    place, phone = Place(-95.0, 41.0), Phone(LEVELS["clean"], [], Chance(4, "phones"))
    fixes = [phone.fix(place, "gnss") for _ in range(2000)]
    said = [fix for fix in fixes if fix["accuracy_m"] == 2.0]
    assert len(said) > 5
    off = [distance_m(place, Place(fix["lon"], fix["lat"])) for fix in said]
    assert sum(off) / len(off) > 200


def test_a_carriers_addresses_lie_at_its_gateway() -> None:
    place, gateway = Place(-95.0, 41.0), Place(-80.0, 35.0)
    phone = Phone(LEVELS["clean"], [gateway], Chance(4, "phones"))
    fixes = [phone.fix(place, "ip") for _ in range(1000)]
    there = [f for f in fixes if distance_m(gateway, Place(f["lon"], f["lat"])) < 400_000]
    assert 150 < len(there) < 350


def test_some_clocks_are_a_year_behind(hard: World) -> None:
    assert any(s.received_at - s.scanned_at > timedelta(days=300) for s in hard.scans)


def test_clocks_are_wrong_and_messages_late_doubled_and_out_of_order(clean: World) -> None:
    late = [scan.received_at - scan.scanned_at for scan in clean.scans]
    assert sum(lag < timedelta(seconds=-20) for lag in late) >= 1
    assert sum(timedelta(seconds=clean.head.lateness_s) < lag < timedelta(days=10) for lag in late)
    times = [happened_at(event) for event in clean.events]
    assert sum(b < a for a, b in pairwise(times)) > 50
    assert max(Counter(event.event_id for event in clean.events).values()) >= 2


def test_goods_are_scanned_before_their_receipt_is_reported(hard: World) -> None:
    inside = {
        e.event["parentID"]: e.event["childEPCs"]
        for e in _item_events(hard)
        if e.event["bizStep"] == "packing"
    }
    scanned: dict[str, list[Scan]] = defaultdict(list)
    for scan in hard.scans:
        scanned[f"https://id.gs1.org/01/{scan.gtin}/21/{scan.serial}"].append(scan)
    early = [
        scan
        for e in _item_events(hard)
        if e.event["bizStep"] == "receiving" and "errorDeclaration" not in e.event
        for unit in e.event["epcList"]
        for item in inside.get(unit, ())
        for scan in scanned[item]
        if happened_at(e) < scan.scanned_at and scan.received_at < e.received_at
    ]
    assert early


def _item_events(world: World) -> list[ItemEvent]:
    return [e for e in world.events if isinstance(e, ItemEvent)]


def _site(event: ItemEvent) -> str:
    where: str = event.event["bizLocation"]["id"]
    return where.rsplit("/", 1)[1]


def _once(scans: list[Scan]) -> list[Scan]:
    return list({scan.event_id: scan for scan in scans}.values())
