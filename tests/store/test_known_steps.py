"""Steps are read once, and again where an earlier arrival took the place of what was read."""

from collections.abc import Collection

import pytest
from sqlalchemy import text

from custody import Step
from events.identity import Identity
from events.timed import timed
from events.wire import decode_event
from store import known_steps
from store.engine import open_engine
from store.events import store_events
from store.incoming import Incoming, incoming_of
from store.known_steps import KnownSteps
from store.schema import metadata
from store.stored_history import StoredHistory

CASE = "https://id.gs1.org/00/195212341000000017"


def packed(event_id: str, received: str, biz_step: str = "packing") -> Incoming:
    raw = (
        f'{{"kind":"item_event","event_id":"{event_id}",'
        f'"received_at":"2026-05-01T00:00:{received}Z","event":{{"type":"ObjectEvent",'
        f'"eventID":"{event_id}","eventTime":"2026-04-01T00:00:00Z",'
        f'"eventTimeZoneOffset":"+00:00","action":"OBSERVE","bizStep":"{biz_step}",'
        f'"epcList":["{CASE}"]}}}}'
    ).encode()
    return incoming_of(timed(decode_event(raw)), raw)


def step_of(event: Incoming) -> Step:
    assert event.step is not None
    return event.step


def test_of_an_event_that_came_earlier_with_other_content_the_step_is_read_anew() -> None:
    engine, known = open_engine("sqlite://"), KnownSteps()
    metadata.create_all(engine)
    first, earlier, other = packed("a", "30"), packed("a", "10", "receiving"), packed("b", "30")
    with engine.begin() as connection:
        store_events(connection, [first, other])
        before = StoredHistory(connection, known).steps_of([CASE])
        store_events(connection, [earlier])
        after = StoredHistory(connection, known).steps_of([CASE])
    assert before == {CASE: [(step_of(first), "self"), (step_of(other), "self")]}
    assert after == {CASE: [(step_of(earlier), "self"), (step_of(other), "self")]}


def test_a_step_that_is_known_is_not_read_again_and_one_that_is_new_is() -> None:
    engine, known = open_engine("sqlite://"), KnownSteps()
    metadata.create_all(engine)
    with engine.begin() as connection:
        store_events(connection, [packed("a", "30")])
        (before,) = StoredHistory(connection, known).steps_of([CASE])[CASE]
        connection.execute(text("UPDATE item_steps SET step = 'not to be read'"))
        store_events(connection, [packed("b", "30")])
        again, added = StoredHistory(connection, known).steps_of([CASE])[CASE]
    assert again[0] is before[0]
    assert added[0] == step_of(packed("b", "30"))


def test_who_still_reads_under_an_older_number_leaves_nothing_behind_for_others() -> None:
    known, old, new = KnownSteps(), step_of(packed("a", "30")), step_of(packed("a", "10"))

    def overtaken(identities: Collection[Identity]) -> list[Step]:
        assert known.of(2, identities, lambda _: [new]) == {new.identity: new}
        return [old]

    assert known.of(1, [old.identity], overtaken) == {old.identity: old}
    assert known.of(2, [old.identity], lambda _: []) == {new.identity: new}


def test_what_was_read_first_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_steps, "MOST_STEPS", 16)
    known = KnownSteps()
    steps = {step.identity: step for step in (step_of(packed(f"e{n}", "30")) for n in range(17))}
    asked: list[Identity] = []

    def read(identities: Collection[Identity]) -> list[Step]:
        asked.extend(identities)
        return [steps[identity] for identity in identities]

    for identity in steps:
        known.of(0, [identity], read)
    asked.clear()
    assert known.of(0, steps, read) == steps
    assert asked == [*steps][:3]
