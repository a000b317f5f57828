"""What is folded once for a case is, for each of its items, what folding that item alone gives."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from custody import Custody, Role, Step, custody_of
from events.model import Location, Scan
from events.timed import Timed, from_microseconds, timed
from judging.courses import Courses
from judging.handling import HandlingFold, says_something
from judging.item import ItemFold, judge_item, moments
from judging.quiet import quiet_things
from judging.trails import Rows, trail_of, trails
from judging.units import units_of
from judging.windows import Judged, judge
from registry import Registry
from registry.model import Site
from stream_processors.hot import Hot, hot_of
from tests.rules.world import BRAND, DEALER_A, DEALER_B, FOREIGN_SITE, GTIN, SSCC, registry

PERMITTED_SITE = "9506000300016"
_ROWS = registry().rows
WORLD = Registry(
    replace(
        _ROWS,
        sites=(
            *_ROWS.sites, Site(site_gln=PERMITTED_SITE, role="warehouse", lon=65.0, lat=5.0)
        ),
    )
)
"""With a site in the territory in which only a permit of a limited quantity lets anybody sell."""
HOUR_US = 3_600_000_000
BEGIN_US = 1_780_000_000_000_000
ITEMS = {serial: f"https://id.gs1.org/01/{GTIN}/21/{serial}" for serial in ("A1", "A2", "A3")}
CASES = (SSCC, "https://id.gs1.org/00/395060000010000099")
THINGS = (*ITEMS.values(), *CASES)
BIZ_STEPS = (
    "commissioning", "packing", "unpacking", "shipping", "receiving", "retail_selling",
    "returning", "decommissioning", "void_shipping", None,
)  # fmt: skip
PARTIES = st.sampled_from([None, BRAND, DEALER_A, DEALER_B])

shapes = st.fixed_dictionaries({
    "at_h": st.integers(0, 6),
    "delay_h": st.sampled_from([0, 0, 0, 1, 50, 120]),
    "biz_step": st.sampled_from(BIZ_STEPS),
    "action": st.sampled_from(["ADD", "ADD", "OBSERVE", "DELETE"]),
    "parent": st.sampled_from([None, None, *CASES, ITEMS["A3"]]),
    "things": st.sets(st.sampled_from(THINGS), max_size=4),
    "site_gln": st.sampled_from([None, FOREIGN_SITE, PERMITTED_SITE]),
    "to_holder": PARTIES,
    "to_owner": PARTIES,
    "voids": st.sampled_from([None] * 9 + [0]),
})  # fmt: skip
reads = st.fixed_dictionaries({
    "serial": st.sampled_from([*ITEMS]),
    "at_h": st.integers(0, 8),
    "delay_h": st.sampled_from([0, 0, 0, 1, 50, 120]),
    "lon": st.sampled_from([None, 1.0, 9.0, 19.0]),
    "source": st.sampled_from(["gnss", "ip"]),
    "reader": st.sampled_from(["consumer", "dealer"]),
    "signature": st.sampled_from(["valid", "invalid"]),
})  # fmt: skip


def step_of(number: int, shape: dict[str, Any]) -> tuple[Step, dict[str, Role]]:
    is_packing = shape["parent"] is not None
    at_us = BEGIN_US + shape["at_h"] * HOUR_US
    step = Step(
        identity=f"item_event:e{number}",
        at_us=at_us,
        received_us=at_us + shape["delay_h"] * HOUR_US,
        type="AggregationEvent" if is_packing else "ObjectEvent",
        action=shape["action"],
        biz_step=shape["biz_step"],
        disposition=None,
        parent=shape["parent"],
        whole=is_packing and not shape["things"],
        site_gln=shape["site_gln"],
        from_holder=None,
        from_owner=None,
        to_holder=shape["to_holder"],
        to_owner=shape["to_owner"],
        voids=None if shape["voids"] is None else f"item_event:e{number - 1}",
    )
    role: Role = "child" if is_packing else "self"
    roles = dict.fromkeys(sorted(shape["things"]), role)
    return step, roles | ({shape["parent"]: "parent"} if is_packing else {})


def scan_of(number: int, read: dict[str, Any]) -> Timed[Scan]:
    at_us = BEGIN_US + read["at_h"] * HOUR_US
    place = read["lon"]
    scan: Any = Scan(
        event_id=f"s{number}",
        received_at=from_microseconds(at_us + read["delay_h"] * HOUR_US),
        scanned_at=from_microseconds(at_us),
        uri=ITEMS[read["serial"]],
        signature=read["signature"],
        reader=read["reader"],
        gtin=GTIN,
        serial=read["serial"],
        location=None if place is None
        else Location(lon=place, lat=5.0, accuracy_m=10.0, source=read["source"]),
    )  # fmt: skip
    return timed(scan)  # type: ignore[return-value]


class Told:
    """A ``History`` of these item events."""

    def __init__(self, events: list[tuple[Step, dict[str, Role]]]) -> None:
        self._events = events

    def steps_of(self, epcs: Any) -> Rows:
        return {
            epc: [(step, roles[epc]) for step, roles in self._events if epc in roles]
            for epc in epcs
        }

    def contents_of(self, identities: Any) -> dict[str, tuple[str, ...]]:
        return {
            step.identity: tuple(sorted(epc for epc, role in roles.items() if role == "child"))
            for step, roles in self._events
            if step.identity in identities
        }

    def rows(self) -> Rows:
        return self.steps_of(THINGS)


def outcome(item: str, judged: Judged[Any]) -> tuple[Any, Hot[Any] | None]:
    """What is said of an item, and what hot state would be."""
    return units_of([(item, draft) for draft in judged.drafts], WORLD), hot_of(judged, 1)


@given(st.lists(shapes, max_size=9), st.lists(reads, max_size=5), st.lists(shapes, max_size=2))
@settings(max_examples=400, deadline=None)
def test_a_course_gives_what_folding_the_item_alone_gives(
    first: list[dict[str, Any]], read: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    """Also where other events came since, and took the place of some that were remembered."""
    courses = Courses(WORLD)
    scans = [scan_of(number, one) for number, one in enumerate(read)]
    shaped = [step_of(number, shape) for number, shape in enumerate(first, 10)]
    came = [step_of(number, shape) for number, shape in enumerate(more, 10)]
    later = [*{event[0].identity: event for event in (*shaped, *came)}.values()]
    for events in (shaped, later, later):
        rows = Told(events).rows()
        found = courses.of(ITEMS.values(), rows)
        for serial, item in ITEMS.items():
            of_item = [scan for scan in scans if scan.event.serial == serial]
            alone = Courses(WORLD).of([item], rows)[item]
            fold = ItemFold(WORLD)
            slow = judge(fold, moments(of_item, alone.touches), WORLD.lateness_us)
            assert outcome(item, judge_item(found[item], of_item, WORLD)) == outcome(item, slow)


@given(st.lists(shapes, max_size=9))
@settings(max_examples=200, deadline=None)
def test_custody_at_the_end_of_a_course_is_that_of_the_trail(shaped: list[dict[str, Any]]) -> None:
    told: Any = Told([step_of(number, shape) for number, shape in enumerate(shaped)])
    found = Courses(WORLD).of(ITEMS.values(), told.rows())
    for item, trail in trails(ITEMS.values(), told).items():
        if found[item].is_plain:
            assert named(found[item].custody[-1], item) == custody_of(
                trail, party_at=WORLD.party_at
            )


@given(st.lists(shapes, max_size=10))
@settings(max_examples=300, deadline=None)
def test_what_is_quiet_for_all_alike_is_so_for_each(shaped: list[dict[str, Any]]) -> None:
    told: Any = Told([step_of(number, shape) for number, shape in enumerate(shaped)])
    for epc in quiet_things(THINGS, told.rows(), WORLD):
        trail = trail_of(epc, told.rows())
        events = [
            Timed(touch.step.identity, touch.step.at_us, touch.step.received_us, touch)
            for touch in trail.touches
        ]
        judged = judge(HandlingFold(epc, WORLD, {}), events, WORLD.lateness_us)
        assert not says_something(judged), epc


def test_what_was_packed_and_sold_is_quiet_and_what_was_sold_twice_or_needs_a_permit_is_not() -> (
    None
):
    first, second, third = ITEMS.values()

    def at(number: int, biz_step: str, things: set[str], parent: str | None = None) -> Any:
        shape = {"at_h": number, "delay_h": 0, "biz_step": biz_step, "action": "ADD"}
        places = dict.fromkeys(["site_gln", "to_holder", "to_owner", "voids"])
        if biz_step == "receiving":
            places |= {"site_gln": PERMITTED_SITE, "to_owner": DEALER_A}
        return step_of(number, shape | places | {"things": things, "parent": parent})

    told = Told([
        at(0, "commissioning", {first, second, third}),
        at(1, "packing", {first, second, third}, CASES[0]),
        at(2, "shipping", {CASES[0]}),
        at(3, "retail_selling", {first}),
        at(4, "retail_selling", {second}),
        at(5, "retail_selling", {second}),
        at(6, "receiving", {third}),
    ])
    assert quiet_things(THINGS, told.rows(), WORLD) == {first, CASES[1]}


def named(custody: Custody, item: str) -> Custody:
    """Custody with the item's own name in it."""
    return replace(
        custody,
        epc=item,
        parents={child or item: parent for child, parent in custody.parents.items()},
        packed_by={child or item: by for child, by in custody.packed_by.items()},
    )
