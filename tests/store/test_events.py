"""What storing a batch leaves, whatever it names: versions of subjects, and doubles."""

from sqlalchemy import text

from events.timed import timed
from events.wire import decode_event
from store.engine import open_engine
from store.events import raise_versions, store_events
from store.incoming import Incoming, incoming_of
from store.schema import metadata


def test_a_subject_that_a_batch_names_twice_is_raised_once() -> None:
    """PostgreSQL would refuse the whole batch: an order that was sent twice ended the worker."""
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        assert raise_versions(connection, ["a", "b", "a"]) == {"a": 1, "b": 1}
        assert raise_versions(connection, ["a"]) == {"a": 2}


def scan(event_id: str, received: str, uri: str = "x") -> Incoming:
    raw = (
        f'{{"kind":"scan","event_id":"{event_id}","received_at":"2026-05-01T00:00:{received}Z",'
        f'"scanned_at":"2026-04-01T00:00:00Z","uri":"{uri}","signature":"absent",'
        '"reader":"consumer"}'
    ).encode()
    return incoming_of(timed(decode_event(raw)), raw)


def test_of_doubles_in_one_batch_the_earliest_stands_and_other_content_is_refused() -> None:
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    before, other = scan("a", "30"), scan("b", "30")
    earlier, earliest, late = scan("a", "20"), scan("a", "10"), scan("a", "40")
    differs = scan("b", "40", uri="y")
    with engine.begin() as connection:
        assert store_events(connection, [before, other]).fresh == {"scan:a", "scan:b"}
        stored = store_events(connection, [earlier, late, earliest, differs, scan("c", "01")])
        held = connection.execute(text("SELECT identity, raw FROM events")).all()
    assert stored.fresh == {"scan:c"}
    assert stored.moved == {"scan:a"}
    assert [one.raw for one in stored.displaced] == [before.raw, earlier.raw]
    assert [raw for raw, _ in stored.refused] == [differs.raw]
    assert {row.identity: row.raw.encode() for row in held} == {
        "scan:a": earliest.raw, "scan:b": other.raw, "scan:c": scan("c", "01").raw,
    }
