"""How the handling of one thing is folded: the item events that bear on it, against each other.

Unlike an item, a thing need not have been scanned: a case is judged as soon as two events name it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from custody import Custody, Trail
from custody.fold import apply, bears_on
from events.identity import Identity
from events.timed import Timed
from judging.history import History
from judging.loads import with_loads
from judging.quiet import quiet_things
from judging.trails import rows_of, trail_of
from judging.windows import Heard, Judged, Known, judge
from registry import Registry
from rules.catalogue import HANDLING_RULES, HandlingStates, initial_handling_states
from rules.contents import NOTHING, Contents, packed
from rules.handling import HandlingContext
from rules.model import Finding, Outcome
from rules.movement import movement_of
from rules.received_by_wrong_dealer import RULE as RECEIVED_BY_WRONG_DEALER


class HandlingState(Struct, frozen=True, array_like=True):
    """Custody of the thing, the state of each rule, and what is in it."""

    custody: Custody
    rules: HandlingStates
    contents: Contents = NOTHING


class HandlingFold:
    """Folds one thing; see ``judging.windows``. ``things``: what each event packs into something,
    or takes out of it."""

    def __init__(
        self, epc: str, registry: Registry, things: Mapping[Identity, tuple[str, ...]]
    ) -> None:
        self._epc = epc
        self._registry = registry
        self._things = things

    def initial(self) -> HandlingState:
        """Nobody has it."""
        return HandlingState(Custody(self._epc, {}), initial_handling_states())

    def run(
        self, state: HandlingState, moments: Sequence[Timed[Any]]
    ) -> tuple[HandlingState, list[Heard]]:
        """One after the other."""
        heard: list[Heard] = []
        for moment in moments:
            state, outcomes = self._step(state, moment)
            if outcomes is not None:
                heard.append((moment, outcomes))
        return state, heard

    def _step(
        self, state: HandlingState, moment: Timed[Any]
    ) -> tuple[HandlingState, Sequence[Outcome] | None]:
        """Every event that names it is held against what was known; then custody changes."""
        step, roles = moment.event.step, moment.event.roles
        role = roles.get(self._epc)
        contents = state.contents
        if role == "parent":
            contents = packed(contents, step, self._things.get(step.identity, ()))
        context = HandlingContext(
            self._epc,
            role,
            state.custody,
            bears_on(state.custody, step, roles),
            self._registry,
            moment.received_us,
            {self._epc: contents},
        )
        states: list[Any] = []
        outcomes: list[Outcome] = []
        for rule, before in zip(HANDLING_RULES, state.rules, strict=True):
            after, said = rule.step(before, moment, context=context)
            states.append(after)
            outcomes.extend(said)
        custody = apply(state.custody, step, roles, party_at=self._registry.party_at)
        movement = movement_of(step, custody, context)
        if movement is not None:
            outcomes.append(movement)
        named = role is not None and role != "parent"
        return HandlingState(custody, tuple(states), contents), outcomes if named else None

    def voids(self, moments: Sequence[Timed[Any]]) -> list[Identity | None]:
        """An item event may be an error declaration."""
        return [moment.event.step.voids for moment in moments]


_NOTHING_SAID: Judged[HandlingState] = Judged(
    HandlingState(Custody("", {}), initial_handling_states()), [], None, Known(0, "")
)
"""Of a thing whose events do not contradict each other; nobody asks in what state it is."""


def handling_key(epc: str) -> str:
    """The key of a thing among all subjects."""
    return f"handling:{epc}"


def judge_handlings(
    epcs: Collection[str], history: History, registry: Registry
) -> Mapping[str, Judged[HandlingState]]:
    """Every event that names each thing, judged from all that is stored."""
    rows = rows_of(epcs, history)
    quiet = quiet_things(epcs, rows, registry)
    told = [epc for epc in epcs if epc not in quiet]
    found = {epc: trail_of(epc, rows) for epc in told}
    judged = {epc: _judged(found[epc], registry, {}) for epc in told}
    # What is in a thing is asked only of the few that went astray.
    strayed = [epc for epc in told if _has_strayed(judged[epc])]
    packing = [i for epc in strayed for i in _packing(found[epc])]
    if packing:
        things = history.contents_of(packing)
        judged |= {epc: _judged(found[epc], registry, things) for epc in strayed}
    told_of = with_loads(judged, history)
    return {epc: told_of.get(epc, _NOTHING_SAID) for epc in epcs}


def _judged(
    trail: Trail, registry: Registry, things: Mapping[Identity, tuple[str, ...]]
) -> Judged[HandlingState]:
    fold = HandlingFold(trail.epc, registry, things)
    return judge(fold, _moments(trail), registry.lateness_us)


def _has_strayed(judged: Judged[HandlingState]) -> bool:
    return any(
        isinstance(outcome, Finding) and outcome.rule == RECEIVED_BY_WRONG_DEALER
        for draft in judged.drafts
        for variant in draft.variants
        for outcome in variant.outcomes
    )


def _packing(trail: Trail) -> Iterable[Identity]:
    """The events that pack something into the thing, or take it out."""
    return (
        touch.step.identity
        for touch in trail.touches
        if touch.roles.get(trail.epc) == "parent"
    )


def says_something(judged: Judged[HandlingState]) -> bool:
    """Whether anything is found, as known at any time."""
    return any(variant.outcomes for draft in judged.drafts for variant in draft.variants)


def _moments(trail: Trail) -> Iterable[Timed[Any]]:
    for touch in trail.touches:
        yield Timed(touch.step.identity, touch.step.at_us, touch.step.received_us, touch)
