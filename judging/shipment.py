"""How a shipment is folded: its tracker's fixes while it is on its way, and its units' events."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from custody import Role, Step
from custody.fold import RECEIPTS
from events.identity import Identity
from events.model import Position
from events.timed import Timed, by_order
from judging.history import History
from judging.silences import silences
from judging.windows import Heard
from registry import Registry
from registry.authority import DAY_US
from registry.known import BEFORE_EVERYTHING, instant
from registry.model import Shipment
from rules.catalogue import SHIPMENT_RULES, SILENT, ShipmentStates, initial_shipment_states
from rules.contents import NOTHING, Contents, packed
from rules.model import Outcome
from rules.tracker_silent import Overdue, TrackerSilent
from rules.transport import ShipmentContext


class ShipmentState(Struct, frozen=True, array_like=True):
    """When it departed, which of its units were received, the state of each rule, and what is in
    the units that were not received yet."""

    departed_us: int | None
    received: tuple[str, ...]
    rules: ShipmentStates
    contents: dict[str, Contents] = {}


class UnitStep(Struct, frozen=True):
    """An item event that names some of the shipment's logistic units; ``things``: what it packs
    into one, or takes out of it."""

    step: Step
    units: tuple[str, ...]
    things: tuple[str, ...] = ()


class ShipmentFold:
    """Folds one shipment; see ``judging.windows``. The plan is the row as known when each event
    was received."""

    def __init__(self, shipment_id: str, registry: Registry) -> None:
        self._id = shipment_id
        self._registry = registry

    def initial(self) -> ShipmentState:
        """Not yet on its way."""
        return ShipmentState(None, (), initial_shipment_states())

    def run(
        self, state: ShipmentState, moments: Sequence[Timed[Any]]
    ) -> tuple[ShipmentState, list[Heard]]:
        """One after the other."""
        heard: list[Heard] = []
        for moment in moments:
            state, outcomes = self._step(state, moment)
            if outcomes is not None:
                heard.append((moment, outcomes))
        return state, heard

    def _step(
        self, state: ShipmentState, moment: Timed[Any]
    ) -> tuple[ShipmentState, Sequence[Outcome] | None]:
        """Only what happens between departure and receipt is judged."""
        shipment = self._registry.shipment(self._id, moment.received_us)
        if shipment is None:
            return state, None
        context = ShipmentContext(
            shipment, self._registry, moment.received_us, state.contents, state.received
        )
        if isinstance(moment.event, UnitStep):
            return self._unit_step(state, moment, moment.event, context)
        if isinstance(moment.event, Overdue):
            return state, self._overdue(state, moment, context)
        if not self._is_under_way(state, moment, moment.event.tracker_id, shipment):
            return state, None
        return self._through_rules(state, moment, context)

    def _overdue(
        self, state: ShipmentState, moment: Timed[Overdue], context: ShipmentContext
    ) -> Sequence[Outcome] | None:
        """Silence, while the shipment is on its way."""
        tracker = context.shipment.tracker_id
        if tracker is None or not self._is_under_way(state, moment, tracker, context.shipment):
            return None
        rule: TrackerSilent = SHIPMENT_RULES[SILENT]
        last: Any = state.rules[SILENT]
        return rule.overdue(last, moment, context=context)

    def _unit_step(
        self, state: ShipmentState, moment: Timed[Any], event: UnitStep, context: ShipmentContext
    ) -> tuple[ShipmentState, Sequence[Outcome] | None]:
        fresh = tuple(unit for unit in event.units if unit not in state.received)
        if not fresh:
            return state, None
        step = event.step
        if step.biz_step == "shipping" and state.departed_us is None:
            return replace(state, departed_us=step.at_us), None
        if step.parent in fresh:
            known = packed(state.contents.get(step.parent, NOTHING), step, event.things)
            state = replace(state, contents={**state.contents, step.parent: known})
        context = context._replace(contents=state.contents, named=fresh)
        state, outcomes = self._through_rules(state, replace(moment, event=step), context)
        if step.biz_step in RECEIPTS:
            left = {unit: known for unit, known in state.contents.items() if unit not in fresh}
            state = replace(state, received=(*state.received, *fresh), contents=left)
        return state, outcomes

    def _is_under_way(
        self, state: ShipmentState, moment: Timed[Any], tracker_id: str, shipment: Shipment
    ) -> bool:
        candidates = self._registry.shipments_for_fix(
            tracker_id, moment.at_us, moment.received_us
        )
        begins = state.departed_us
        if begins is None:
            begins = instant(shipment.depart_after, absent=BEFORE_EVERYTHING)
        arrived = len(state.received) >= len(shipment.ssccs) > 0
        return self._id in candidates and moment.at_us >= begins and not arrived

    def _through_rules(
        self, state: ShipmentState, moment: Timed[Any], context: ShipmentContext
    ) -> tuple[ShipmentState, Sequence[Outcome]]:
        states, outcomes = [], []
        for rule, before in zip(SHIPMENT_RULES, state.rules, strict=True):
            after, said = rule.step(before, moment, context=context)
            states.append(after)
            outcomes.extend(said)
        return replace(state, rules=tuple(states)), outcomes

    def voids(self, moments: Sequence[Timed[Any]]) -> list[Identity | None]:
        """An item event may be an error declaration."""
        return [
            moment.event.step.voids if isinstance(moment.event, UnitStep) else None
            for moment in moments
        ]


def may_go_on(state: ShipmentState, moments: Iterable[Timed[Any]], registry: Registry) -> bool:
    """Whether more fixes may follow on a state: not where silence before one of them may have been
    told of, which only a fold over all events finds."""
    last: Any = state.rules[SILENT]
    for moment in sorted(moments, key=by_order):
        least_us = registry.policy(moment.received_us).silence_min_s * 1e6
        if last is not None and moment.at_us - last.at_us >= least_us:
            return False
        last = moment
    return True


def moments(shipment_id: str, registry: Registry, history: History) -> Iterable[Timed[Any]]:
    """Everything that bears on a shipment, under any version of its row."""
    rows = registry.shipment_rows(shipment_id)
    units = {unit for row in rows for unit in row.ssccs}
    yield from _unit_steps(history.steps_of(units), history)
    begins_us = _begins_us(rows)
    fixes: list[Timed[Position]] = []
    for tracker in sorted({row.tracker_id for row in rows if row.tracker_id is not None}):
        # A tracker that is used again has many fixes that are none of this shipment's.
        until_us = registry.fixes_until(shipment_id, tracker)
        fixes += history.positions_of(tracker, begins_us, until_us)
    yield from fixes
    if fixes:
        yield from silences(shipment_id, fixes, registry, history.now_us())


def _unit_steps(
    rows: Mapping[str, list[tuple[Step, Role]]], history: History
) -> Iterable[Timed[UnitStep]]:
    steps: dict[Identity, Step] = {}
    named: dict[Identity, list[str]] = {}
    for unit, found in rows.items():
        for step, _ in found:
            steps[step.identity] = step
            named.setdefault(step.identity, []).append(unit)
    packing = [identity for identity, step in steps.items() if step.parent in rows]
    things = history.contents_of(packing) if packing else {}
    for identity, step in steps.items():
        event = UnitStep(step, tuple(sorted(named[identity])), things.get(identity, ()))
        yield Timed(identity, step.at_us, step.received_us, event)


def _begins_us(rows: Sequence[Shipment]) -> int:
    """Fixes that may belong: from a day before the planned departure on."""
    begins = min(instant(row.depart_after, absent=BEFORE_EVERYTHING) for row in rows)
    return max(begins - DAY_US, BEFORE_EVERYTHING)
