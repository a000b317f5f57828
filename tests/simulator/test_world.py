from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from codes.digital_link import parse
from codes.jobs import IssueOrder, allot, read_ledger
from codes.jwks import load_jwks
from codes.keyring import KeyRing
from codes.serials import Serials
from codes.signing import sign_item, verify
from events import ItemEvent, Position
from simulator.errors import SimulationError
from simulator.wish import Wish
from simulator.world import simulate_world
from tests.simulator.worlds import World


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_wish_gives_the_same_bytes(standard: World, tmp_path: Path) -> None:
    simulate_world(Wish(7, 300), tmp_path)
    assert bytes_of(tmp_path) == bytes_of(standard.folder)


def test_sealed_keys_are_the_same_bytes_too(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate_world(Wish(7, 5), tmp_path / name, passphrase="correct horse")
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")


def test_another_seed_gives_another_world(standard: World, tmp_path: Path) -> None:
    simulate_world(Wish(8, 300), tmp_path)
    assert bytes_of(tmp_path)["events.jsonl"] != bytes_of(standard.folder)["events.jsonl"]


def test_lines_stand_in_order_of_receipt_within_the_span(hard: World) -> None:
    times = [event.received_at for event in hard.events]
    assert times == sorted(times)
    assert hard.head.from_ <= times[0]
    assert times[-1] < hard.head.to


def test_so_many_items_are_made_as_were_wished(hard: World) -> None:
    made = [
        epc
        for event in {e.event_id: e for e in hard.events if isinstance(e, ItemEvent)}.values()
        if event.event["bizStep"] == "commissioning"
        for epc in event.event["epcList"]
    ]
    assert len(made) == len(set(made)) == 2500
    assert sum(job.count for job in hard.registry["jobs"]) == 2500


def test_every_identifier_is_a_valid_digital_link(standard: World) -> None:
    for event in standard.events:
        if not isinstance(event, ItemEvent):
            continue
        body = event.event
        for uri in [*body.get("epcList", []), *body.get("childEPCs", [])]:
            assert parse(uri).path[0][0] in ("00", "01")
        for member in ("readPoint", "bizLocation"):
            if member in body:
                assert parse(body[member]["id"]).path[0][0] == "414"
        for party in body.get("sourceList", []):
            assert parse(party["source"]).path[0][0] == "417"
    for shipment in standard.registry["shipments"]:
        assert all(parse(uri).path[0][0] == "00" for uri in shipment.ssccs)


def test_what_a_scan_says_of_its_signature_is_what_its_code_proves(standard: World) -> None:
    keys = load_jwks((standard.folder / "keys" / "jwks.json").read_bytes())
    seen = Counter[str]()
    for scan in standard.scans:
        proved = verify(scan.uri, keys)
        assert (proved.signature, proved.gtin, proved.serial) == (
            scan.signature,
            scan.gtin,
            scan.serial,
        )
        seen[scan.signature] += 1
    assert set(seen) == {"valid", "invalid", "absent"}


def test_the_sealed_ring_makes_the_codes_of_the_recording(tmp_path: Path, standard: World) -> None:
    simulate_world(Wish(7, 300), tmp_path, passphrase="correct horse")
    ring = KeyRing.open(tmp_path / "keys")
    serials = Serials(ring.master_secret("correct horse"))
    jobs = {job.gtin: job for job in standard.registry["jobs"]}
    issued = [scan for scan in standard.scans if scan.issued]
    for scan in issued:
        assert scan.gtin is not None
        assert scan.serial is not None
        index = serials.index_of(scan.gtin, scan.serial)
        job = jobs[scan.gtin]
        assert index is not None
        assert job.first_index <= index < job.first_index + job.count
    scan = issued[0]
    assert scan.gtin is not None
    assert scan.serial is not None
    signer = ring.signer(jobs[scan.gtin].key_id, "correct horse")
    assert sign_item(scan.gtin, scan.serial, signer, domain="id.brand.example") == scan.uri


def test_serials_that_no_job_covers_are_told_apart(tmp_path: Path, standard: World) -> None:
    simulate_world(Wish(7, 300), tmp_path, passphrase="correct horse")
    serials = Serials(KeyRing.open(tmp_path / "keys").master_secret("correct horse"))
    forged = [scan for scan in standard.scans if not scan.issued]
    assert forged
    for scan in forged:
        assert scan.gtin is not None
        assert scan.serial is not None
        index = serials.index_of(scan.gtin, scan.serial)
        assert index is None or index > 10_000


def test_nothing_claims_to_have_happened_long_after_it_was_received(hard: World) -> None:
    for scan in hard.scans:
        assert (scan.scanned_at - scan.received_at).total_seconds() <= 300


def test_registry_rows_refer_to_what_is_there(standard: World) -> None:
    dealers = {dealer.dealer_id for dealer in standard.registry["dealers"]}
    glns = {dealer.gln for dealer in standard.registry["dealers"]}
    territories = {territory.territory_id for territory in standard.territories}
    for row in [*standard.registry["authorisations"], *standard.registry["permits"]]:
        assert row.dealer_id in dealers
        assert set(row.territory_ids) <= territories
    for shipment in standard.registry["shipments"]:
        assert shipment.from_gln in standard.head.own_glns
        assert shipment.to_gln in glns
    trackers = {e.tracker_id for e in standard.events if isinstance(e, Position)}
    assert trackers
    assert trackers == {s.tracker_id for s in standard.registry["shipments"] if s.tracker_id}


def test_the_span_can_be_chosen(tmp_path: Path) -> None:
    start, end = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
    simulate_world(Wish(1, 40, "standard", start, end), tmp_path)
    head = (tmp_path / "recording.json").read_text()
    assert '"from":"2025-03-01T00:00:00Z","to":"2025-06-01T00:00:00Z"' in head


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(1, 0), "items"),
        (Wish(-1, 5), "seed"),
        (Wish(1, 5, start=datetime(2026, 7, 1, tzinfo=UTC)), "end"),
    ],
)
def test_an_impossible_wish_is_refused_and_writes_nothing(
    wish: Wish, field: str, tmp_path: Path
) -> None:
    with pytest.raises(SimulationError) as caught:
        simulate_world(wish, tmp_path / "out")
    assert caught.value.field == field
    assert not (tmp_path / "out").exists()


def test_a_folder_with_a_recording_is_left_alone(standard: World) -> None:
    before = bytes_of(standard.folder)
    with pytest.raises(SimulationError) as caught:
        simulate_world(Wish(9, 10), standard.folder)
    assert caught.value.type == "folder-in-use"
    assert bytes_of(standard.folder) == before


def test_missing_borders_name_the_command_that_brings_them(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="make install"):
        simulate_world(Wish(1, 5), tmp_path / "out", boundaries=tmp_path)


def test_what_is_issued_next_has_other_serials(tmp_path: Path) -> None:
    simulate_world(Wish(7, 30), tmp_path, passphrase="correct horse")
    made = {job.order.gtin: job for job in read_ledger(tmp_path / "keys")}
    gtin, last = next(iter(made.items()))
    order = IssueOrder(job="next", gtin=gtin, count=5, key_id="A1", domain="id.brand.example")
    allotted = allot(tmp_path / "keys", order, now=datetime(2026, 8, 1, tzinfo=UTC))
    assert allotted.first_index == last.first_index + last.order.count


def test_a_mistaken_receipt_is_declared_an_error_under_its_own_id(hard: World) -> None:
    told = [i for i in hard.truth["innocents"] if i["pattern"] == "corrected-receipt"]
    assert told
    ids = {event_id for innocent in told for event_id in innocent["event_ids"]}
    found = [e for e in hard.events if isinstance(e, ItemEvent) and e.event_id in ids]
    declared = [e for e in found if "errorDeclaration" in e.event]
    assert declared
    for event in declared:
        (right,) = event.event["errorDeclaration"]["correctiveEventIDs"]
        assert right in ids
        first = next(e for e in found if e.event_id == event.event_id)
        assert "errorDeclaration" not in first.event


def test_trucks_without_an_incident_rest_less_than_an_hour(hard: World) -> None:
    guilty = {e for i in hard.incidents("truck-stop") for e in i["event_ids"]}
    pings = [e for e in hard.events if isinstance(e, Position) and e.event_id not in guilty]
    tracks: dict[str, list[Position]] = {}
    for ping in sorted(pings, key=lambda ping: ping.fixed_at):
        tracks.setdefault(ping.tracker_id, []).append(ping)
    assert tracks
    for track in tracks.values():
        rests_since = None
        for ping in track:
            if (ping.speed_mps or 0) >= 2:
                rests_since = None
                continue
            rests_since = rests_since or ping.fixed_at
            assert ping.fixed_at - rests_since < timedelta(minutes=59)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SimulationError) as caught:
        simulate_world(Wish(1, 5), tmp_path / "file" / "out")
    assert caught.value.type == "folder-unusable"
