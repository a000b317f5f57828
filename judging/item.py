"""How an item is judged: its scans, in order, each by the custody that stood when it was made."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from custody import Custody, apply
from custody.trail import Touch
from events.identity import Identity
from events.model import Scan
from events.timed import Timed, by_order
from judging.courses import SELF, Course
from judging.windows import Draft, Heard, Judged, Known, Variant, judge
from registry import Registry
from rules.catalogue import ItemStates, initial_item_states, steps_for
from rules.item import ItemContext, ItemScan
from rules.model import Outcome


class ItemState(Struct, frozen=True, array_like=True):
    """Custody of the item, the container it came in, and the state of each item rule."""

    custody: Custody
    origin: str | None
    rules: ItemStates


class ItemFold:
    """Folds one item, which is called ``SELF``; see ``judging.windows``."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def initial(self) -> ItemState:
        """Nobody has it and nothing was seen of it."""
        return ItemState(Custody(SELF, {}), None, initial_item_states())

    def run(
        self, state: ItemState, moments: Sequence[Timed[Any]]
    ) -> tuple[ItemState, list[Heard]]:
        """A touch changes custody; a scan is judged by the rules that it may concern."""
        registry, party_at = self._registry, self._registry.party_at
        custody, origin, states = state.custody, state.origin, list(state.rules)
        heard: list[Heard] = []
        for moment in moments:
            event = moment.event
            if type(event) is Touch:
                custody = apply(custody, event.step, event.roles, party_at=party_at)
                origin = custody.parents.get(custody.epc) or origin
                continue
            heard.append((moment, _said(moment, custody, origin, states, registry)))
        rules: Any = tuple(states)
        return ItemState(custody, origin, rules), heard

    def voids(self, moments: Sequence[Timed[Any]]) -> list[Identity | None]:
        """An item event may be an error declaration."""
        return [
            moment.event.step.voids if type(moment.event) is Touch else None for moment in moments
        ]


def _said(
    moment: ItemScan, custody: Custody, origin: str | None, states: list[Any], registry: Registry
) -> Sequence[Outcome]:
    """What the rules say of a scan; ``states``, one a rule, are brought forward."""
    known_us = moment.received_us
    steps = steps_for(moment.event, custody, registry, known_us)
    if not steps:
        return ()
    context = ItemContext(custody, registry, known_us, origin, registry.policy(known_us))
    outcomes: list[Outcome] = []
    for index, step in steps:
        states[index], said = step(states[index], moment, context=context)
        if said:
            outcomes += said
    return outcomes


def judge_item(
    course: Course, scans: Sequence[ItemScan], registry: Registry
) -> Judged[ItemState]:
    """Judge every scan of an item that went through ``course``."""
    judged = _in_plain_order(course, scans, registry) if course.is_plain else None
    if judged is None:
        judged = judge(ItemFold(registry), moments(scans, course.touches), registry.lateness_us)
    return judged


def _in_plain_order(
    course: Course, scans: Sequence[ItemScan], registry: Registry
) -> Judged[ItemState] | None:
    """The same where nothing came too late for anything behind it, which is nearly always; None
    where something may have."""
    lateness_us, orders, end = registry.lateness_us, course.orders, len(course.orders)
    states = list(initial_item_states())
    drafts, newest, order = [], course.newest[0], None
    for moment in sorted(scans, key=by_order) if len(scans) > 1 else scans:
        order, received_us = (moment.at_us, moment.identity), moment.received_us
        place = end if not end or orders[-1] < order else bisect_left(orders, order)
        if place < end and received_us >= course.earliest_from(place) + lateness_us:
            return None
        if course.newest[place] > newest:
            newest = course.newest[place]
        if newest[0] >= received_us + lateness_us:
            return None
        if newest < (received_us, order[1]):
            newest = Known(received_us, order[1])
        said = _said(moment, course.custody[place], course.origin[place], states, registry)
        if said:
            drafts.append(Draft(moment, (Variant(None, said, newest),)))
    if end and (order is None or order < orders[-1]):
        order = orders[-1]
    rules: Any = tuple(states)
    state = ItemState(course.custody[-1], course.origin[-1], rules)
    return Judged(state, drafts, order, max(newest, course.newest[-1]))


def moments(scans: Iterable[Timed[Scan]], touches: Iterable[Touch]) -> list[Timed[Any]]:
    """Everything that bears on an item."""
    found: list[Timed[Any]] = [*scans]
    for touch in touches:
        step = touch.step
        found.append(Timed(step.identity, step.at_us, step.received_us, touch))
    return found
