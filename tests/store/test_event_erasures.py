"""Erasing consumers' places: what goes, what stays, and that judging stays what it was."""

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from codes.epc import item_uri
from events.timed import timed
from events.wire import decode_event
from evidence.commitments import commit
from evidence.entry import MAX_ENTRY_BYTES, NO_LEAF, draft, read_entry
from registry.model import Product
from registry.rows import RegistryRows
from store.alert_views import effective_signals
from store.engine import open_engine, sqlite_url
from store.event_erasures import AT_ONCE, erase_old, erase_on_request
from store.evidence_log import EvidenceLog
from store.evidence_openings import erasure_entries
from store.evidence_sources import sources_of
from store.incoming import incoming_of
from store.instants import to_us
from store.registry import load_rows
from store.schema import metadata
from store.schema.events import events
from store.transactions import reading
from stream_processors.messages import decode_judgement, encode_judgement
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from stream_processors.writer import Writer
from tracewarden.recorder import record

GTIN = "09506000134352"
ITEM = item_uri(GTIN, "A1")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOW_US = to_us(NOW)
PARIS, NEW_YORK, TOKYO = (2.35, 48.85), (-74.0, 40.7), (139.7, 35.7)


class Service:
    """Store, pipeline and writer over one database, as the embedded set has them."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        counter = itertools.count(1)
        self.engine = engine
        self.entropy = lambda size: next(counter).to_bytes(size, "big")
        rows = RegistryRows(products=(Product(gtin=GTIN, name="Tea"),))
        with engine.begin() as connection:
            load_rows(connection, "world", rows, now_us=0)
        self.pipeline = Pipeline(engine, SqliteState(folder / "hot.sqlite"), RegistrySource())
        self.writer = Writer(engine, lambda: NOW_US, self.entropy)
        self.writer.start()

    def take(self, *raws: bytes) -> None:
        """Events in, entries out."""
        incoming = [incoming_of(timed(decode_event(raw)), raw) for raw in raws]
        done = self.pipeline.process(incoming)
        said = [encode_judgement(one) for one in done.judgements]
        self.writer.take([decode_judgement(one) for one in said])
        self.pipeline.keep(done)

    def signals(self) -> set[str]:
        """Ids of signals that hold."""
        return {row.signal_id for row in effective_signals(self.engine, -1, 1000)}

    def stored(self) -> dict[str, dict[str, Any]]:
        """Stored events by id."""
        with reading(self.engine) as connection:
            rows = connection.execute(select(events.c.raw)).scalars()
            return {event["event_id"]: event for event in map(json.loads, rows)}

    def entries(self) -> list[dict[str, Any]]:
        """Bodies of the log, which must be whole, without those of the registry's load."""
        log = EvidenceLog()
        with reading(self.engine) as connection:
            assert list(log.fsck(connection)) == []
            rows = list(log.iterate(connection, 0, log.head(connection).size))
        bodies = [dict(read_entry(row.data).body) for row in rows]
        return [body for body in bodies if body.get("kind") not in ("registry", "policy")]


@pytest.fixture(params=["sqlite", "postgres"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    url = sqlite_url(tmp_path / "db.sqlite")
    if request.param == "postgres":
        url = request.getfixturevalue("database_url")
    engine = open_engine(url)
    metadata.create_all(engine)
    yield Service(engine, tmp_path)
    engine.dispose()


def scan(event_id: str, at: str, place: tuple[float, float] | None, **more: object) -> bytes:
    event: dict[str, object] = {
        "kind": "scan", "event_id": event_id, "received_at": at, "scanned_at": at,
        "uri": f"https://id.brand.example/01/{GTIN}/21/A1", "gtin": GTIN, "serial": "A1",
        "signature": "valid", "reader": "consumer", "session": f"s-{event_id}",
    }  # fmt: skip
    if place:
        event["location"] = {"lon": place[0], "lat": place[1], "accuracy_m": 20.0}
    return json.dumps(event | more).encode()


def travel(service: Service) -> None:
    """Paris and New York within an hour in 2025, and Tokyo shortly before now."""
    service.take(
        scan("a", "2025-03-01T10:00:00Z", PARIS),
        scan("b", "2025-03-01T11:00:00Z", NEW_YORK),
        scan("c", "2026-05-30T10:00:00Z", TOKYO),
    )


def erase(service: Service, before: datetime) -> int:
    done = erase_old(service.engine, to_us(before), now_us=NOW_US, entropy=service.entropy)
    return done.scans


def test_an_entry_commits_to_the_events_it_rests_on_as_they_are_stored(service: Service) -> None:
    travel(service)
    (entry,) = service.entries()
    with reading(service.engine) as connection:
        sources = sources_of(connection, ["scan:a", "scan:b", "scan:c"])
    assert [one.identity for one in sources] == ["scan:a", "scan:b"]
    assert entry["sources"] == [one.opening.in_entry() for one in sources]
    assert json.loads(sources[0].raw)["location"]["lon"] == PARIS[0]
    assert "2.35" not in json.dumps(entry)


def test_after_its_time_a_scan_loses_place_and_session_and_the_log_says_so(
    service: Service,
) -> None:
    travel(service)
    commitments = [one["commitment"] for one in service.entries()[0]["sources"]]
    assert erase(service, datetime(2025, 6, 1, tzinfo=UTC)) == 2
    stored = service.stored()
    assert "location" not in stored["a"]
    assert stored["a"]["session"].startswith("erased-")
    assert stored["c"]["location"]["lon"] == TOKYO[0]
    assert stored["c"]["session"] == "s-c"
    last = service.entries()[-1]
    assert (last["kind"], last["reason"], last["scans"]) == ("erasure", "retention", 2)
    assert last["erased"] == sorted(commitments)
    with reading(service.engine) as connection:
        assert sources_of(connection, ["scan:a", "scan:b"]) == []
    assert erase(service, datetime(2025, 6, 1, tzinfo=UTC)) == 0
    assert len(service.entries()) == 2


def test_what_was_judged_before_stands_through_judging_again(service: Service) -> None:
    travel(service)
    before = service.signals()
    assert len(before) == 1
    erase(service, datetime(2025, 6, 1, tzinfo=UTC))
    late = scan("late", "2026-05-31T10:00:00Z", None, scanned_at="2025-03-01T09:00:00Z")
    service.take(late)
    service.take(scan("d", "2026-05-31T11:00:00Z", TOKYO))
    assert service.signals() == before
    (taken_back,) = [one for one in service.entries() if one.get("kind") == "erasure"]
    assert taken_back["scans"] == 2


def test_the_same_event_delivered_again_does_not_bring_the_place_back(service: Service) -> None:
    travel(service)
    erase(service, datetime(2025, 6, 1, tzinfo=UTC))
    done = service.pipeline.process(
        [incoming_of(timed(decode_event(raw)), raw)
         for raw in (scan("a", "2025-03-01T10:00:00Z", PARIS),
                     scan("b", "2025-03-01T10:59:00Z", PARIS))]
    )  # fmt: skip
    assert done.refused == []
    assert "location" not in service.stored()["a"]
    assert "location" not in service.stored()["b"]


def test_scans_of_one_visit_keep_one_name_and_others_readers_keep_everything(
    service: Service,
) -> None:
    service.take(
        scan("a", "2025-03-01T10:00:00Z", PARIS, session="visit"),
        scan("b", "2025-03-01T10:01:00Z", None, session="visit"),
        scan("c", "2025-03-01T10:02:00Z", None, session="other"),
        scan("d", "2025-03-01T10:03:00Z", PARIS, reader="inspector", session="work"),
    )
    assert erase(service, NOW) == 3
    sessions = {key: one["session"] for key, one in service.stored().items()}
    assert sessions["a"] == sessions["b"] != sessions["c"]
    assert sessions["d"] == "work"
    assert "location" in service.stored()["d"]


def test_many_scans_of_one_moment_are_all_erased_in_bounded_transactions(service: Service) -> None:
    at = "2025-03-01T10:00:00Z"
    service.take(*(scan(f"n{number}", at, PARIS) for number in range(2 * AT_ONCE + 5)))
    assert erase(service, NOW) == 2 * AT_ONCE + 5
    assert [one["scans"] for one in service.entries() if one.get("kind") == "erasure"] == [
        AT_ONCE, AT_ONCE, 5,
    ]  # fmt: skip
    assert all("location" not in one for one in service.stored().values())


def test_who_asks_is_heard_before_the_time_is_over(service: Service) -> None:
    travel(service)
    done = erase_on_request(
        service.engine, ["scan:c"], [], "asked by the visitor",
        now_us=NOW_US, entropy=service.entropy,
    )  # fmt: skip
    assert done.scans == 1
    assert "location" not in service.stored()["c"]
    done = erase_on_request(
        service.engine, [], [ITEM], "asked by the owner", now_us=NOW_US, entropy=service.entropy
    )
    assert done.scans == 2
    assert service.entries()[-1]["reason"] == "asked by the owner"


def test_a_recording_made_later_says_what_was_erased(service: Service, tmp_path: Path) -> None:
    travel(service)
    record(service.engine, tmp_path / "before", now=NOW)
    assert not (tmp_path / "before" / "erased.jsonl").exists()
    erase(service, datetime(2025, 6, 1, tzinfo=UTC))
    record(service.engine, tmp_path / "after", now=NOW)
    lines = (tmp_path / "after" / "erased.jsonl").read_text().splitlines()
    assert [json.loads(line)["identity"] for line in lines] == ["scan:a", "scan:b"]


def test_an_event_that_was_replaced_since_no_longer_opens_its_commitment(service: Service) -> None:
    travel(service)
    with service.engine.begin() as connection:
        connection.execute(text("UPDATE events SET raw = '{}' WHERE identity = 'scan:a'"))
        assert [one.identity for one in sources_of(connection, ["scan:a", "scan:b"])] == ["scan:b"]


def test_a_commitment_is_to_the_stored_text_as_one_string() -> None:
    opening = commit('{"a": 1.0}', bytes(32))
    assert opening.value_json == '"{\\"a\\": 1.0}"'


def test_an_erasure_of_more_commitments_than_fit_is_as_many_entries() -> None:
    commitments = [f"{number:064x}" for number in range(2_000)]
    made = erasure_entries({"kind": "erasure", "reason": "asked for"}, commitments)
    assert [one for entry in made for one in entry.body["erased"]] == commitments
    for entry in made:
        assert len(draft(entry).at(2**53, NO_LEAF)) <= MAX_ENTRY_BYTES
    assert [one.body["erased"] for one in erasure_entries({}, [])] == [[]]
