"""A tracker that stays silent: told of when time passes, whoever lets it pass."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Engine

from events.model import AnyEvent, ItemEvent, Position, Tick
from events.timed import timed
from events.wire import encode_event
from judging.units import judge_shipment, units_of
from rules.signal import Signal, as_json
from store.engine import open_engine
from store.events import store_events
from store.incoming import incoming_of
from store.schema import metadata
from store.stored_history import StoredHistory
from tests.rules.world import BRAND, DEALER_A, SSCC_ON_ROUTE, registry

BEGIN = datetime(2026, 2, 10, 8, tzinfo=UTC)
WORLD = registry()
LATENESS_H = WORLD.rows.lateness_s / 3600
DUE_H, LONG_DUE_H = 11, 12
"""Of a fix an hour's way east of the last degree: 2 h of way, 6 h of handling, 2 or 3 h more."""


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def fix(name: str, hours: float, lon: float, late_h: float = 0.0) -> Position:
    return Position(
        event_id=name, received_at=at(hours + late_h), tracker_id="T-2", fixed_at=at(hours),
        lon=lon, lat=5.0, accuracy_m=8.0, crs="wgs84", speed_mps=0.0,
    )  # fmt: skip


def tick(hours: float) -> Tick:
    return Tick(event_id=f"t{hours}", received_at=at(hours))


def step(name: str, biz_step: str, hours: float) -> ItemEvent:
    body: dict[str, Any] = {
        "type": "ObjectEvent", "eventID": name, "action": "OBSERVE", "bizStep": biz_step,
        "disposition": "in_transit" if biz_step == "shipping" else "in_progress",
        "eventTime": at(hours).isoformat(), "eventTimeZoneOffset": "+00:00",
        "epcList": [SSCC_ON_ROUTE],
    }  # fmt: skip
    for name_, party in (("source", BRAND), ("destination", DEALER_A)):
        body[f"{name_}List"] = [
            {"type": kind, name_: f"https://id.gs1.org/417/{party}"}
            for kind in ("possessing_party", "owning_party")
        ]
    return ItemEvent(event_id=name, received_at=at(hours), event=body)


UNDER_WAY: list[AnyEvent] = [step("h", "shipping", 0), fix("p0", 0.5, 6.5), fix("p1", 1.0, 6.0)]


def stored(events: Sequence[AnyEvent]) -> Engine:
    engine = open_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        store_events(connection, [incoming_of(timed(one), encode_event(one)) for one in events])
    return engine


def silent(events: Sequence[AnyEvent]) -> list[Signal]:
    """What ``tracker-silent`` says and has not been cleared."""
    with stored(events).connect() as connection:
        drafts = judge_shipment("SH-2", StoredHistory(connection), WORLD).drafts
    units = units_of([("SH-2", draft) for draft in drafts], WORLD)
    found = [one for unit in units for one in unit.signals if one.rule == "tracker-silent"]
    cleared = {key for one in found for key in one.corrects}
    return [one for one in found if one.strength > 0 and one.signal_id not in cleared]


@pytest.mark.parametrize(("hours", "strengths"), [
    (DUE_H, []), (LONG_DUE_H, [0.5]), (LONG_DUE_H + 2, [0.5, 0.95]), (900, [0.5, 0.95]),
])  # fmt: skip
def test_silence_is_told_of_when_time_has_passed_and_once_more_when_it_is_long(
    hours: float, strengths: list[float]
) -> None:
    found = silent([*UNDER_WAY, tick(hours)])
    assert [one.strength for one in found] == strengths
    assert all(as_json(one)["input_ids"] == ["p1"] and one.facts["lasts"] for one in found)
    assert len({one.signal_id for one in found}) == len(strengths)


def test_what_is_told_does_not_depend_on_which_event_let_time_pass() -> None:
    elsewhere = replace(fix("x", LONG_DUE_H + 5, 1.0), tracker_id="T-9")
    by_ticks = silent([*UNDER_WAY, *(tick(hours) for hours in range(30))])
    assert silent([*UNDER_WAY, tick(400)]) == by_ticks == silent([*UNDER_WAY, elsewhere])
    assert len(by_ticks) == 2


@pytest.mark.parametrize(
    "more", [
        [fix("p2", 5.0, 5.9)],
        [step("r", "receiving", 9.0)],
        [fix("p2", 5.0, 5.9, late_h=30.0)],
    ], ids=["a fix", "a receipt", "a fix that came a day late"],
)  # fmt: skip
def test_what_comes_in_time_leaves_no_silence_that_lasts(more: list[AnyEvent]) -> None:
    found = silent([*UNDER_WAY, *more, tick(40)])
    assert not [one for one in found if one.facts.get("lasts") and "p1" in str(one.inputs)]


def test_a_fix_that_came_after_the_lateness_clears_it() -> None:
    late = fix("p2", 5.0, 5.0, late_h=DUE_H + LATENESS_H)
    assert silent([*UNDER_WAY, late, tick(DUE_H + LATENESS_H + 9)]) == []


def test_a_truck_at_the_end_of_its_route_may_be_silent_for_ever() -> None:
    assert silent([*UNDER_WAY, fix("p2", 3.0, 5.0), tick(900)]) == []


def test_a_last_fix_that_no_truck_can_have_reached_is_no_place_of_it() -> None:
    arrived = [*UNDER_WAY, fix("p2", 3.0, 5.0)]
    assert silent([*arrived, fix("p3", 3.1, 5.4), tick(900)]) == []
    assert silent([*arrived, fix("p3", 4.0, 5.4), tick(900)]) != []
    assert silent([*arrived, fix("p3", 3.1, 5.4), fix("p4", 3.9, 5.4), tick(900)]) != []


def test_nothing_is_said_of_a_truck_that_has_not_left() -> None:
    assert silent([fix("p0", 0.5, 9.0)]) == []


@settings(max_examples=30)
@given(st.lists(st.integers(2, 60), min_size=1, max_size=6, unique=True), st.integers(10, 80))
def test_each_silence_is_told_of_at_most_twice_while_it_lasts(hours: list[int], now: int) -> None:
    fixes = [fix(f"q{one}", float(one), 6.0) for one in hours]
    found = [one for one in silent([*UNDER_WAY, *fixes, tick(now)]) if one.facts.get("lasts")]
    per_fix: dict[tuple[str, ...], int] = {}
    for one in found:
        key = tuple(as_json(one)["input_ids"])
        per_fix[key] = per_fix.get(key, 0) + 1
    assert max(per_fix.values(), default=0) <= 2
