"""Which of a tracker's shipments a fix may belong to."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.timed import FUTURE_LIMIT_US, microseconds
from registry.known import BEFORE_EVERYTHING, FOREVER, Known
from registry.model import Shipment
from registry.plans import TrackerPlans

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

hours = st.integers(0, 200)
shipments = st.builds(
    lambda number, tracker, departs, recorded: Shipment(
        shipment_id=f"S{number}",
        ssccs=[],
        tracker_id=tracker,
        from_gln="0",
        to_gln="0",
        depart_after=None if departs is None else BEGIN + timedelta(hours=departs),
        recorded_at=None if recorded is None else BEGIN + timedelta(hours=recorded),
    ),
    st.integers(1, 4),
    st.sampled_from(["A", "B", None]),
    st.none() | hours,
    st.none() | hours,
)
fixes = st.tuples(hours, st.integers(-FUTURE_LIMIT_US, 100 * HOUR_US))


def plans_of(rows: list[Shipment]) -> tuple[Known[Shipment], TrackerPlans]:
    known = Known(rows, lambda row: row.shipment_id)
    return known, TrackerPlans(rows, known)


@given(st.lists(shipments, max_size=8), fixes)
def test_a_fix_may_belong_from_a_day_before_departure_until_the_next_one(
    rows: list[Shipment], fix: tuple[int, int]
) -> None:
    known, plans = plans_of(rows)
    at_us = microseconds(BEGIN) + fix[0] * HOUR_US
    received_us = at_us + fix[1]
    begins = {
        row.shipment_id: (
            BEFORE_EVERYTHING if row.depart_after is None else microseconds(row.depart_after)
        )
        for row in known.all(received_us)
        if row.tracker_id == "A"
    }
    expected = {
        key
        for key, begin in begins.items()
        if begin - DAY_US
        <= at_us
        < min((other for other in begins.values() if other > begin), default=FOREVER)
    }
    assert set(plans.shipments_for_fix("A", at_us, received_us)) == expected


@given(st.lists(shipments, max_size=8), fixes)
def test_no_fix_belongs_to_a_shipment_from_its_limit_on(
    rows: list[Shipment], fix: tuple[int, int]
) -> None:
    _, plans = plans_of(rows)
    at_us = microseconds(BEGIN) + fix[0] * HOUR_US
    for shipment_id in plans.shipments_for_fix("A", at_us, at_us + fix[1]):
        assert at_us < plans.until_us("A", shipment_id)


def test_the_limit_is_the_next_departure_where_both_plans_were_always_known() -> None:
    first, second = (
        Shipment(
            shipment_id=f"S{day}",
            ssccs=[],
            tracker_id="A",
            from_gln="0",
            to_gln="0",
            depart_after=BEGIN + timedelta(days=day),
        )
        for day in (1, 5)
    )
    _, plans = plans_of([first, second])
    assert plans.until_us("A", "S1") == microseconds(BEGIN) + 5 * DAY_US
    assert plans.until_us("A", "S5") == FOREVER
