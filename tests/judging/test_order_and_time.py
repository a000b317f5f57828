"""Judgement is a function of the set of events: the order in which they come plays no part."""

from hypothesis import given, settings
from hypothesis import strategies as st

from events.model import Location, Scan
from events.timed import Timed, from_microseconds
from judging.item import ItemFold
from judging.revisions import Floors
from judging.units import units_of
from judging.windows import judge
from rules.signal import Signal
from tests.rules.world import GTIN, registry

HOUR_US = 3_600_000_000
LATENESS_US = 48 * HOUR_US
BEGIN_US = 1_780_000_000_000_000
WORLD = registry()


def scan(number: int, at_h: int, received_h: int, lon: float) -> Timed[Scan]:
    at, received = (from_microseconds(BEGIN_US + h * HOUR_US) for h in (at_h, received_h))
    event = Scan(
        event_id=f"s{number}",
        received_at=received,
        scanned_at=at,
        uri="HTTPS://ID.BRAND.EXAMPLE/01/09506000134352/21/A1",
        signature="valid",
        reader="consumer",
        gtin=GTIN,
        serial="A1",
        location=Location(lon=lon, lat=5.0, accuracy_m=10.0),
    )
    at_us, received_us = BEGIN_US + at_h * HOUR_US, BEGIN_US + received_h * HOUR_US
    return Timed(f"scan:s{number}", at_us, received_us, event)


@st.composite
def histories(draw: st.DrawFn) -> list[Timed[Scan]]:
    times = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 200)), max_size=7))
    places = st.sampled_from([1.0, 9.0, 19.0])
    return [scan(i, at, at + delay, draw(places)) for i, (at, delay) in enumerate(times)]


def signals(moments: list[Timed[Scan]]) -> list[Signal]:
    drafts = [("A1", d) for d in judge(ItemFold(WORLD), moments, LATENESS_US).drafts]
    return [signal for unit in units_of(drafts, WORLD) for signal in unit.signals]


@given(histories(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_arrival_changes_nothing(moments: list[Timed[Scan]], chance: object) -> None:
    mixed = list(moments)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert signals(mixed) == signals(moments)


@given(histories())
@settings(max_examples=150, deadline=None)
def test_what_came_too_late_withdraws_nothing(moments: list[Timed[Scan]]) -> None:
    by_arrival = sorted(moments, key=lambda moment: (moment.received_us, moment.identity))
    at_last = {signal.signal_id for signal in signals(by_arrival)}
    by_identity = {moment.identity: moment for moment in moments}
    for index in range(1, len(by_arrival)):
        next_us = by_arrival[index].received_us
        for signal in signals(by_arrival[:index]):
            inputs = [by_identity[i] for i in signal.inputs]
            closes_us = max(inputs, key=lambda m: m.order).received_us + LATENESS_US
            if closes_us <= next_us and all(m.received_us < closes_us for m in inputs):
                assert signal.signal_id in at_last


def test_a_fix_that_came_in_time_is_judged_with_and_one_too_late_adds_a_signal() -> None:
    near, far = scan(1, 0, 0, 1.0), scan(2, 0, 100, 19.0)
    in_time = scan(2, 0, 10, 19.0)
    travel = [s.rule for s in signals([near, in_time])].count("impossible-travel")
    late = [s.rule for s in signals([near, far])].count("impossible-travel")
    assert (travel, late) == (1, 1)


@given(st.permutations([((5, ""), 1), ((3, ""), 2), ((7, ""), 3), ((3, ""), 4)]))
def test_floors_are_the_same_in_whatever_order_they_come(
    order: list[tuple[tuple[int, str], int]],
) -> None:
    floors = Floors()
    for since, revision in order:
        floors.add(since, revision)
    assert not floors.counts((4, ""), 3)
    assert floors.counts((4, ""), 4)
    assert floors.counts((2, ""), 1)
    assert len(floors.floors) == 1
