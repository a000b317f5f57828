"""Contradictory item events: a stream finds what a look at everything finds, in whatever order."""

import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from events.model import ItemEvent
from events.timed import from_microseconds, timed
from events.wire import encode_event
from judging.handling import judge_handlings
from judging.units import units_of
from registry import Registry
from rules.signal import as_json
from store.containment import handled_epcs
from store.engine import open_engine, sqlite_url
from store.incoming import Incoming, incoming_of
from store.schema import metadata
from store.schema.events import subject_versions
from store.stored_history import StoredHistory
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from tests.stream_processors.effective import EffectiveSet

ITEMS = [f"https://id.gs1.org/01/09506000134352/21/{number}" for number in range(4)]
CASES = ["https://id.gs1.org/00/395060000010000082", "https://id.gs1.org/00/395060000010000266"]
PARTIES = ["9506000000015", "9506000100067"]
HOUR_US = 3_600_000_000
BEGIN_US = 1_700_000_000_000_000


def event(chance: random.Random, number: int) -> Incoming:
    """Anything that may be reported, an hour after the one before, received at any time."""
    happened_us = BEGIN_US + number * HOUR_US
    received_us = happened_us + chance.choice([0, 0, 60_000_000, 30 * HOUR_US])
    step = chance.choice(["shipping", "receiving", "retail_selling", "destroying", "commissioning"])
    parties = chance.sample(PARTIES, 2)
    members: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "ADD" if step == "commissioning" else "OBSERVE",
        "bizStep": step,
        "epcList": chance.sample([*ITEMS, *CASES], 2),
        "sourceList": [
            {"type": "possessing_party", "source": f"https://id.gs1.org/417/{parties[0]}"}
        ],
        "destinationList": [
            {"type": "possessing_party", "destination": f"https://id.gs1.org/417/{parties[1]}"}
        ],
    }
    if chance.random() < 0.5:
        action = chance.choice(["ADD", "DELETE"])
        members = {
            "type": "AggregationEvent",
            "action": action,
            "bizStep": "packing" if action == "ADD" else "unpacking",
            "parentID": chance.choice(CASES),
            "childEPCs": chance.sample([*ITEMS, *CASES], chance.choice([1, 2])),
        }
    members |= {
        "eventTime": from_microseconds(happened_us).isoformat(),
        "eventTimeZoneOffset": "+00:00",
    }
    return incoming(f"e{number}", received_us, members)


def incoming(event_id: str, received_us: int, members: dict[str, Any]) -> Incoming:
    one = ItemEvent(event_id=event_id, received_at=from_microseconds(received_us), event=members)
    return incoming_of(timed(one), encode_event(one))


def declared(one: Incoming) -> Incoming:
    """The event taken back, a while after it was received."""
    taken = one.timed.event
    assert isinstance(taken, ItemEvent)
    wrong = {**taken.event, "errorDeclaration": {"declarationTime": "2023-12-01T00:00:00Z"}}
    return incoming(taken.event_id, one.timed.received_us + 40 * HOUR_US, wrong)


@pytest.mark.parametrize("seed", range(6))
def test_a_stream_finds_the_contradictions_that_all_events_together_have(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    events = [event(chance, number) for number in range(50)]
    events += [declared(one) for one in chance.sample(events, 4)]
    events += chance.sample(events, 6)
    chance.shuffle(events)
    engine = open_engine(sqlite_url(tmp_path / "db.sqlite"), durable=False)
    metadata.create_all(engine)
    pipeline = Pipeline(engine, SqliteState(tmp_path / "state.sqlite"), RegistrySource())
    effective = EffectiveSet()
    while events:
        size = chance.choice([1, 2, 7])
        effective.take(pipeline.process(events[:size]).judgements)
        events = events[size:]
    with engine.connect() as connection:
        registry: Registry = RegistrySource().current(connection)
        things = handled_epcs(connection)
        judged = judge_handlings(things, StoredHistory(connection), registry)
        drafts = [(epc, draft) for epc, found in judged.items() for draft in found.drafts]
        kept = connection.execute(select(subject_versions.c.subject)).scalars().all()
    signals = [signal for unit in units_of(drafts, registry) for signal in unit.signals]
    expected = [as_json(signal) for signal in sorted(signals, key=lambda signal: signal.order)]
    assert effective.signals() == expected
    assert len({signal["facts"]["contradiction"] for signal in expected}) >= 4
    assert len(kept) <= len(things)
