"""A service for the tests of bundles: a simulated world, judged and signed, without a process."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from cases.steps import Attach, Attachment
from events.timed import timed
from events.wire import decode_event
from evidence.entry import Entry
from registry import Registry
from registry.recording import read_registry
from simulator.wish import Wish
from simulator.world import simulate_world
from store.alert_views import AlertFilter, AlertRow, alerts_by_id, newest_alerts
from store.case_steps import Author, StoredFile, take_step
from store.engine import open_engine, sqlite_url
from store.evidence_log import EvidenceLog
from store.incoming import incoming_of
from store.migrations import migrate
from store.registry import load_rows
from store.schema.cases import cases
from store.schema.gathering import case_alerts
from stream_processors.messages import decode_judgement, encode_judgement
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from stream_processors.writer import Writer
from tracewarden.service import registry_reader

PHOTO = b"\xff\xd8 a test purchase's receipt \xff\xd9"


@dataclass(frozen=True)
class Stored:
    """What an export reads: see ``api.services.Records``."""

    engine: Engine
    registry: Callable[[], Registry]
    clock: Callable[[], datetime]

    def alerts(self, rule: str) -> list[AlertRow]:
        """Alerts of a rule that hold."""
        return newest_alerts(self.engine, AlertFilter(rules=(rule,)), 100)


def judged_world(folder: Path, *, seed: int = 7, items: int = 400) -> Stored:
    """The embedded set's database in ``folder``, with a hard little world judged in it."""
    folder.mkdir(parents=True, exist_ok=True)
    recording = folder.with_name(f"{folder.name}-recording")
    simulate_world(Wish(seed=seed, items=items, difficulty="hard"), recording)
    engine = open_engine(sqlite_url(folder / "tracewarden.sqlite"), durable=False)
    migrate(engine)
    head, rows = read_registry(recording)
    with engine.begin() as connection:
        load_rows(connection, head.name, rows, now_us=0)
    pipeline = Pipeline(engine, SqliteState(folder / "state.sqlite"), RegistrySource())
    writer = Writer(engine, lambda: 1_790_000_000_000_000, os.urandom)
    writer.start()
    lines = (recording / "events.jsonl").read_bytes().splitlines()
    for start in range(0, len(lines), 500):
        batch = [incoming_of(timed(decode_event(one)), one) for one in lines[start : start + 500]]
        done = pipeline.process(batch)
        said = [encode_judgement(one) for one in done.judgements]
        writer.take([decode_judgement(one) for one in said])
        pipeline.keep(done)
    return Stored(engine, registry_reader(engine), lambda: datetime(2026, 9, 1, tzinfo=UTC))


def an_alert(stored: Stored, rule: str = "scan-outside-territory") -> str:
    """The id of the alert of a rule that rests on most signals."""
    return max(stored.alerts(rule), key=lambda row: len(row.body["signal_ids"])).alert_id


def a_case(stored: Stored) -> str:
    """A case over an alert, with a file attached, as judging and an officer leave it."""
    (alert,) = alerts_by_id(stored.engine, [an_alert(stored)])
    subject = alert.body["subject"]
    body = {"case_id": "c" * 64, "kind": "diversion", "alert_ids": [],
            "subject": {"type": "dealer", "id": "D001"}, "dealer_id": "D001", "gtins": [],
            "opened_at": "2026-05-01T00:00:00Z", "confidence": 0.9, "tier": 1}  # fmt: skip
    with stored.engine.begin() as connection:
        (place,) = EvidenceLog().append(connection, [Entry(None, {"type": "case", "case": body})])
        connection.execute(cases.insert().values(
            case_id=body["case_id"], change=10**6, holds=True, made_by_hand=False, kind="diversion",
            tier=1, confidence=0.9, dealer_id="D001", opened_us=1_770_000_000_000_000, alerts=1,
            evidence_seq=place.index, body=msgspec.json.encode(body),
        ))  # fmt: skip
        connection.execute(case_alerts.insert().values(
            case_id=body["case_id"], rule=alert.body["rule"], subject_type=subject["type"],
            subject_id=subject["id"],
        ))  # fmt: skip
    digest = sha256(PHOTO).hexdigest()
    step = Attach("a test purchase", (Attachment(digest, "receipt.jpg", "image/jpeg", len(PHOTO)),))
    file = StoredFile(digest, "receipt.jpg", "image/jpeg", PHOTO)
    author = Author("mei", "decider", os.urandom)
    take_step(stored.engine, "c" * 64, step, author, at_us=1_775_000_000_000_000, files=[file])
    return "c" * 64
