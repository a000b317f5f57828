import shapely

from simulator.country import Town
from simulator.earth import Place
from simulator.overrun import Overrun
from simulator.scans import Seen
from simulator.truth import Incident, Innocent
from tests.simulator.worlds import World


def test_what_is_seen_after_the_quantity_is_the_incident(hard: World) -> None:
    (incident,) = hard.incidents("permit-exceeded")
    (told,) = (i for i in hard.truth["innocents"] if i["pattern"] == "permit-used-up")
    (permit,) = (
        p
        for p in hard.registry["permits"]
        if p.dealer_id == incident["dealer_id"]
        and set(p.gtins) == set(incident["gtins"])
        and incident["territory_id"] in p.territory_ids
    )
    scans = {scan.event_id: scan for scan in hard.scans}
    allowed = {(scans[e].gtin, scans[e].serial) for e in told["event_ids"]}
    beyond = {(scans[e].gtin, scans[e].serial) for e in incident["event_ids"]}
    assert len(allowed) == permit.quantity
    assert not allowed & beyond
    assert incident["detectable"] == (len(beyond) >= 8)
    first = min(scans[e].received_at for e in incident["event_ids"])
    before = {
        (scans[e].gtin, scans[e].serial) for e in told["event_ids"] if scans[e].received_at <= first
    }
    assert before == allowed


def test_it_is_seen_where_the_permit_allows_it_and_nothing_else_does(hard: World) -> None:
    (incident,) = hard.incidents("permit-exceeded")
    permits = [p for p in hard.registry["permits"] if p.dealer_id == incident["dealer_id"]]
    own = {
        territory_id
        for row in hard.registry["authorisations"]
        if row.dealer_id == incident["dealer_id"]
        for territory_id in row.territory_ids
    }
    assert not own & set(incident["territory_ids"])
    ids = {territory_id for permit in permits for territory_id in permit.territory_ids}
    areas = hard.areas
    area = shapely.union_all([areas[territory_id] for territory_id in sorted(ids)])
    scans = {scan.event_id: scan for scan in hard.scans}
    for event_id in incident["first_foreign_scan_ids"]:
        location = scans[event_id].location
        assert location
        point = shapely.Point(location.lon, location.lat)
        assert area.distance(point) < 0.2


def test_an_item_under_the_permit_stays_there_when_it_is_read_again() -> None:
    incident = Incident("diversion", "permit-exceeded", "standard", [])
    told = Innocent("permit-used-up")
    town = Town(Place(0.0, 0.0), "S", "S-1", 1.0, 1.0)
    overrun = Overrun(incident, told, town, frozenset({"S"}), 2, 1.0)
    for number, (item, territory, located) in enumerate(
        [
            ("a", "S", True),
            ("b", "T", True),
            ("c", "S", False),
            ("a", "S", True),
            ("d", "S", True),
            ("e", "S", True),
            ("d", "S", True),
            ("c", "S", True),
        ]
    ):
        overrun.note(item, territory, [Seen(f"s{number}", number, located)])
    overrun.settle()
    assert list(told.events) == ["s0", "s3", "s4", "s6"]
    assert list(incident.events) == ["s5", "s7"]
    assert set(incident.items) == {"e", "c"}
