"""``custody at`` beside the obvious way: all things at once, moved forward event by event."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from custody import Role, Step, read_step
from custody.answer import AnswerLine, Question, answer
from events.identity import identity
from events.model import ItemEvent
from events.timed import from_microseconds, rfc3339
from judging.trails import trails

ITEMS = [f"https://id.gs1.org/01/09506000134352/21/A{number}" for number in range(3)]
CASES = ["https://id.gs1.org/00/395060000010000082", "https://id.gs1.org/00/395060000010000402"]
PALLET = "https://id.gs1.org/00/395060000010000266"
THINGS = [*ITEMS, *CASES, PALLET]
PARTIES = ["9506000000015", "9506000100067", "9506000100098"]
HOUR_US = 3_600_000_000
STATES = {
    "commissioning": "active",
    "shipping": "in_transit",
    "receiving": "in_progress",
    "retail_selling": "retail_sold",
    "decommissioning": "inactive",
    "destroying": "destroyed",
}


@dataclass
class Thing:
    """What is true of one thing now."""

    inside: str | None = None
    state: str | None = None
    holder: str | None = None
    owner: str | None = None
    since_us: int | None = None
    heading: str | None = None
    state_before: str | None = None


@dataclass
class World:
    """Everything there is, and what happens to it."""

    things: dict[str, Thing] = field(default_factory=lambda: {epc: Thing() for epc in THINGS})

    def within(self, epc: str) -> list[str]:
        """The thing and all that is in it."""
        inner = [one for one, thing in self.things.items() if thing.inside == epc]
        return [epc, *(deeper for one in inner for deeper in self.within(one))]

    def happens(self, event: dict[str, Any], at_us: int) -> None:
        """One event."""
        if event["type"] == "AggregationEvent":
            self._packs(event["action"], event["parentID"], event.get("childEPCs"))
            return
        step = event["bizStep"]
        for epc in event["epcList"]:
            is_alone = step in ("commissioning", "decommissioning")
            for one in [epc] if is_alone else self.within(epc):
                self._goes(self.things[one], step, event, at_us)

    def _packs(self, action: str, parent: str, children: list[str] | None) -> None:
        for epc, thing in self.things.items():
            is_meant = thing.inside == parent if children is None else epc in children
            if is_meant and action == "ADD":
                thing.inside = parent
            elif is_meant and thing.inside == parent:
                thing.inside = None

    @staticmethod
    def _goes(thing: Thing, step: str, event: dict[str, Any], at_us: int) -> None:
        giver, taker, before = _party(event, "source"), _party(event, "destination"), thing.holder
        state = event.get("disposition") or STATES.get(step)
        if step == "shipping":
            thing.holder, thing.owner = thing.holder or giver, thing.owner or giver
            thing.heading, thing.state_before = taker, thing.state
        elif step == "void_shipping":
            state = state or thing.state_before
            thing.heading = thing.state_before = None
        elif step == "receiving":
            thing.holder = taker or thing.heading or thing.holder
            thing.owner = taker or thing.heading or thing.owner
            thing.heading = None
        thing.state = state or thing.state
        if thing.holder != before:
            thing.since_us = at_us


def _party(event: dict[str, Any], name: str) -> str | None:
    entries = event.get(f"{name}List")
    return entries[0][name].rpartition("/")[2] if entries else None


def parties(name: str, gln: str | None) -> dict[str, Any]:
    uri = f"https://id.gs1.org/417/{gln}"
    kinds = ("possessing_party", "owning_party")
    return {f"{name}List": [{"type": kind, name: uri} for kind in kinds]} if gln else {}


def moved(
    step: str, epcs: list[str], giver: str | None, taker: str | None, said: str | None
) -> Any:
    given = {"type": "ObjectEvent", "action": "OBSERVE", "bizStep": step, "epcList": epcs}
    named = parties("source", giver) | parties("destination", taker)
    return given | named | ({"disposition": said} if said else {})


def packed(action: str, pair: tuple[list[str], str], *, whole: bool) -> Any:
    children, parent = pair
    given = {"type": "AggregationEvent", "action": action, "parentID": parent}
    given["bizStep"] = "packing" if action == "ADD" else "unpacking"
    return given if whole and action == "DELETE" else given | {"childEPCs": children}


def some(things: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(things), min_size=1, max_size=2, unique=True)


PAIRS = st.one_of(
    st.tuples(some(ITEMS), st.sampled_from([*CASES, PALLET])),
    st.tuples(some(CASES), st.just(PALLET)),
)
PARTY = st.sampled_from([None, *PARTIES])
BODIES = st.one_of(
    st.builds(
        moved, st.sampled_from([*STATES, "void_shipping", "storing"]), some(THINGS), PARTY, PARTY,
        st.sampled_from([None, None, "returned", "recalled"]),
    ),
    st.builds(packed, st.sampled_from(["ADD", "ADD", "DELETE"]), PAIRS, whole=st.booleans()),
)  # fmt: skip
TOLD = st.tuples(BODIES, st.integers(0, 9), st.integers(0, 6), st.none() | st.integers(0, 9))
"""What happens, at which hour, how many hours later that is received, and how many hours after that
it is declared wrong."""


def item_event(number: int, body: dict[str, Any], at_us: int, received_us: int) -> ItemEvent:
    at = from_microseconds(at_us).isoformat()
    event = {**body, "eventTime": at, "eventTimeZoneOffset": "+00:00"}
    received_at = from_microseconds(received_us)
    return ItemEvent(event_id=f"e{number}", received_at=received_at, event=event)


def received(told: Iterable[tuple[Any, int, int, int | None]]) -> list[ItemEvent]:
    events = []
    for number, (body, hour, late, wrong) in enumerate(told):
        at_us = hour * HOUR_US
        events.append(item_event(number, body, at_us, at_us + late * HOUR_US))
        if wrong is not None:
            declaration = {"errorDeclaration": {"declarationTime": "2026-01-01T00:00:00Z"}}
            told_us = at_us + (late + wrong) * HOUR_US
            events.append(item_event(number, body | declaration, at_us, told_us))
    return events


class Stored:
    """A history of these events."""

    def __init__(self, events: list[ItemEvent]) -> None:
        self._read = [read_step(one) for one in events]

    def steps_of(self, epcs: Collection[str]) -> dict[str, list[tuple[Step, Role]]]:
        """The steps that name each EPC."""
        return {
            epc: [(step, roles[epc]) for step, roles in self._read if epc in roles] for epc in epcs
        }


def obvious(events: list[ItemEvent], epc: str, at_us: int, known_us: int) -> AnswerLine:
    known = [one for one in events if one.received_at <= from_microseconds(known_us)]
    wrong = {one.event_id for one in known if "errorDeclaration" in one.event}
    true = [one for one in known if one.event_id not in wrong]
    world = World()
    for one in sorted(true, key=lambda one: (one.event["eventTime"], identity(one))):
        if one.event["eventTime"] <= from_microseconds(at_us).isoformat():
            happened_us = int(one.event["eventTime"][11:13]) * HOUR_US
            world.happens(one.event, happened_us)
    thing = world.things[epc]
    since = None if thing.since_us is None else rfc3339(thing.since_us)
    return AnswerLine(epc, thing.state, thing.holder, thing.owner, thing.inside, since)


@given(
    told=st.lists(TOLD, max_size=9),
    epc=st.sampled_from(THINGS),
    at=st.integers(0, 12),
    known=st.integers(0, 23),
)
def test_custody_at_any_moment_as_known_at_any_is_what_the_obvious_world_says(
    told: list[tuple[Any, int, int, int | None]], epc: str, at: int, known: int
) -> None:
    events = received(told)
    trail = trails([epc], Stored(events))[epc]  # type: ignore[arg-type]
    question = Question(epc, epc, at * HOUR_US, known * HOUR_US)
    found = answer(
        question, trail, party_at=lambda _site, _known: None, dealer_of=lambda gln, _known: gln
    )
    assert found == obvious(events, epc, at * HOUR_US, known * HOUR_US)
