"""What custody goes through by a thing's events, folded once for all things that are handled alike.

The items of a case share nearly all their events: they were made, packed, shipped and received
together. In a course the thing itself is called ``SELF``, so that one course serves all of them.
"""

from collections.abc import Collection, Sequence
from itertools import islice
from threading import Lock

from msgspec import Struct

from custody import Custody, apply
from custody.trail import Touch, by_order
from judging.revisions import Order
from judging.trails import Named, Rows, touches_of_one
from judging.windows import Known
from registry import Registry

SELF = ""
"""What a thing is called in its own course."""
MOST_COURSES = 4096
ONE_BY_ONE = frozenset(["retail_selling", "dispensing", "returning"])
"""What befalls single items, as a rule, and comes last: it is not made part of what is shared."""


class Course(Struct, frozen=True, gc=False):
    """Touches in the order of judging, and what holds after the first n of them, for each n from 0
    on: custody, the container that the thing is or was in last, and the latest arrival.

    ``is_plain``: none takes another back, and none came too late for one behind it. Only then does
    what holds after n touches depend on these alone.
    """

    touches: Sequence[Touch] = ()
    orders: Sequence[Order] = ()
    custody: Sequence[Custody] = (Custody(SELF, {}),)
    origin: Sequence[str | None] = (None,)
    newest: Sequence[Known] = (Known(0, ""),)
    is_plain: bool = True
    begins: "Course | None" = None
    """The shared course that this one goes on from, if it is one thing's own."""

    def earliest_from(self, place: int) -> int:
        """The earliest arrival of the touches from a place on."""
        return min(touch.step.received_us for touch in self.touches[place:])

    def going_on(
        self, touches: Collection[Touch], registry: Registry, begins: "Course | None" = None
    ) -> "Course":
        """The course with more touches, in order, all behind those it has."""
        party_at, lateness_us = registry.party_at, registry.lateness_us
        orders, is_plain = [*self.orders], self.is_plain
        held, origins, arrivals = [*self.custody], [*self.origin], [*self.newest]
        custody, origin, newest = held[-1], origins[-1], arrivals[-1]
        for touch in touches:
            step = touch.step
            arrival = Known(step.received_us, step.identity)
            if arrival > newest:
                newest = arrival
            elif newest.at_us >= step.received_us + lateness_us:
                is_plain = False
            is_plain = is_plain and step.voids is None
            custody = apply(custody, step, touch.roles, party_at=party_at)
            origin = custody.parents.get(SELF) or origin
            orders.append((step.at_us, step.identity))
            held.append(custody)
            origins.append(origin)
            arrivals.append(newest)
        whole = [*self.touches, *touches]
        return Course(whole, orders, held, origins, arrivals, is_plain, begins)


class _Kept(Struct, frozen=True, gc=False):
    """A course, and all that it rests on: the thing's own rows and those of its containers."""

    course: Course
    own: list[Named]
    containers: Rows

    def holds(self, own: list[Named], rows: Rows) -> bool:
        """Whether the same was read again."""
        return self.own == own and all(
            rows.get(container) == kept for container, kept in self.containers.items()
        )


class Courses:
    """Gives things their courses; remembers some, each as long as what it rests on stays the same.

    Belongs to one registry, which says who runs a site. Threads may share it.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._lock = Lock()

    def of(self, epcs: Collection[str], rows: Rows) -> dict[str, Course]:
        """The course of each thing; ``rows``: of the things and all their containers."""
        found: dict[str, Course] = {}
        ready: dict[tuple[str, ...], Course] = {}
        for epc in epcs:
            own: list[Named] = []
            alone: list[Named] = []
            words: list[str] = []
            for row in rows[epc]:
                step, role = row
                if role == "self" and step.biz_step in ONE_BY_ONE:
                    alone.append(row)
                else:
                    own.append(row)
                    words += (step.identity, role)
            key = tuple(words)
            course = ready.get(key)
            if course is None:
                course = ready[key] = self._course(key, epc, own, rows)
            if alone:
                course = self._with(course, epc, alone, rows)
            found[epc] = course
        return found

    def _course(
        self, key: tuple[str, ...], epc: str, own: list[Named], rows: Rows
    ) -> Course:
        kept = self._kept.get(key)
        if kept is not None and kept.holds(own, rows):
            return kept.course
        course, containers = self._folded(epc, own, rows)
        with self._lock:
            self._kept[key] = _Kept(course, own, containers)
            if len(self._kept) > MOST_COURSES:
                for oldest in [*islice(self._kept, MOST_COURSES // 8)]:
                    del self._kept[oldest]
        return course

    def _folded(
        self, epc: str, own: list[Named], rows: Rows
    ) -> tuple[Course, Rows]:
        touches, containers = touches_of_one(epc, own, rows, called=SELF)
        course = Course().going_on(sorted(touches, key=by_order), self.registry)
        return course, {container: rows[container] for container in containers}

    def _with(
        self, course: Course, epc: str, alone: list[Named], rows: Rows
    ) -> Course:
        touches = [Touch(step, {SELF: role}) for step, role in alone]
        if len(touches) > 1:
            touches.sort(key=by_order)
        # Not so where one is not behind all that is shared, or is there already: it may name a
        # container, too.
        if course.orders and touches[0].step.order <= course.orders[-1]:
            return self._folded(epc, rows[epc], rows)[0]
        return course.going_on(touches, self.registry, course)

