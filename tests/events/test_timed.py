"""Times as microseconds, whatever zone they are told in."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from events.timed import EPOCH, from_microseconds, microseconds

fixed = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
changing = st.sampled_from([ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")])
zones = st.just(UTC) | fixed | changing
times = st.datetimes(timezones=zones).filter(lambda at: 2 <= at.year <= 9998)


@given(times)
def test_microseconds_are_exact_in_every_zone(at: datetime) -> None:
    assert microseconds(at) == (at - EPOCH) // timedelta(microseconds=1)
    assert from_microseconds(microseconds(at)) == at.astimezone(UTC)
