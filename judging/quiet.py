"""Things of whose handling there is nothing to say: found once for all that were handled alike.

Nearly all are quiet. What is said of a thing bears its name, so that only quiet can be shared;
whatever is not found quiet here is judged for itself.
"""

from collections.abc import Collection
from typing import Any

from custody.fold import bears_on
from events.timed import Timed
from judging.courses import SELF, Course, Courses
from judging.trails import Rows
from registry import Registry
from rules.catalogue import HANDLING_RULES, HandlingStates, initial_handling_states
from rules.handling import HandlingContext
from rules.movement import movement_of


def quiet_things(epcs: Collection[str], rows: Rows, registry: Registry) -> set[str]:
    """Things of whose item events surely nothing is said, as known at any time.

    A container is none of them: it may be inside itself, which a course without names cannot tell.
    """
    alike = [epc for epc in epcs if all(role != "parent" for _, role in rows[epc])]
    quiet = _Quiet(registry)
    courses = Courses(registry).of(alike, rows)
    return {epc for epc in alike if quiet.covers(courses[epc])}


class _Quiet:
    """Remembers of courses the rules' states at their end, or that something is said."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._after: dict[int, tuple[Course, HandlingStates | None]] = {}

    def covers(self, course: Course) -> bool:
        """Whether nothing is said all along the course."""
        return course.is_plain and self._states(course) is not None

    def _states(self, course: Course) -> HandlingStates | None:
        known = self._after.get(id(course))
        if known is not None:
            return known[1]
        states: HandlingStates | None = initial_handling_states()
        place = 0
        if course.begins is not None:
            states, place = self._states(course.begins), len(course.begins.touches)
        while states is not None and place < len(course.touches):
            states = self._step(states, course, place)
            place += 1
        self._after[id(course)] = (course, states)
        return states

    def _step(self, states: HandlingStates, course: Course, place: int) -> HandlingStates | None:
        touch, custody = course.touches[place], course.custody[place]
        step, roles = touch.step, touch.roles
        moment = Timed(step.identity, step.at_us, step.received_us, touch)
        context = HandlingContext(
            SELF,
            roles.get(SELF),
            custody,
            bears_on(custody, step, roles),
            self._registry,
            step.received_us,
            {},
        )
        after: list[Any] = []
        for rule, before in zip(HANDLING_RULES, states, strict=True):
            state, said = rule.step(before, moment, context=context)
            if said:
                return None
            after.append(state)
        if movement_of(step, course.custody[place + 1], context) is not None:
            return None
        return (after[0], after[1])
