"""Whatever bytes lie on a topic: good events come out, bad ones with a reason, none raises."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from events.wire import encode_record
from stream_processors.bus.port import BusRecord
from stream_processors.intake import take_in

GOOD = (
    b'{"kind":"position","event_id":"p","received_at":"2026-05-01T00:00:00Z","tracker_id":"t",'
    b'"fixed_at":"2026-05-01T00:00:00Z","lon":1,"lat":5,"accuracy_m":5}'
)


def record(value: bytes, topic: str = "positions") -> BusRecord:
    return BusRecord(topic, 0, 0, None, value)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_reason(value: bytes) -> None:
    intake = take_in(record(value))
    assert intake.incoming == []
    assert all(bad.detail for bad in intake.refused)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(["scan", "item_event", "position"]), st.dictionaries(
    st.sampled_from(["event_id", "received_at", "event", "uri", "lon", "lat", "location"]),
    json_values,
))
def test_a_bad_event_spoils_no_other(kind: str, members: dict[str, object]) -> None:
    bad = msgspec.json.encode({"kind": kind, **members})
    intake = take_in(record(encode_record([GOOD, bad, GOOD])))
    assert len(intake.incoming) == 2
    assert len(intake.refused) == 1


@given(st.lists(st.sampled_from(["Z", "+05:30", "-07:00", "+14:00"]), min_size=1, max_size=4))
def test_events_beside_a_bad_one_are_read_as_they_are_without_it(offsets: list[str]) -> None:
    scans = [
        b'{"kind":"scan","event_id":"%d","received_at":"2026-05-01T00:00:00Z","scanned_at":'
        b'"2026-04-01T00:00:00.123456%s","uri":"x","signature":"absent","reader":"consumer"}'
        % (index, offset.encode())
        for index, offset in enumerate(offsets)
    ]
    together = take_in(record(encode_record(scans), "scans"))
    one_by_one = take_in(record(encode_record([*scans, b"{}"]), "scans"))
    assert together.incoming == one_by_one.incoming
    assert [one.raw for one in together.incoming] == scans
    assert not together.refused
    assert len(one_by_one.refused) == 1


def test_an_event_on_another_topic_is_refused() -> None:
    assert take_in(record(encode_record([GOOD]), "scans")).incoming == []


def test_a_nul_in_an_identifier_is_refused() -> None:
    bad = GOOD.replace(b'"event_id":"p"', b'"event_id":"p\\u0000"')
    assert take_in(record(encode_record([bad]))).incoming == []


def test_a_time_before_the_first_year_is_refused() -> None:
    begun = b'"fixed_at":"0001-01-01T00:00:00+14:00"'
    bad = GOOD.replace(b'"fixed_at":"2026-05-01T00:00:00Z"', begun)
    intake = take_in(record(encode_record([GOOD, bad])))
    assert len(intake.incoming) == 1
    assert [bad.detail for bad in intake.refused] == ["a time is out of range"]
