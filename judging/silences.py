"""Silences that go on: times at which a tracker should have spoken, as events of their shipment.

A rule about something that did not happen fires when time passes its deadline. The deadline follows
from the last fix alone, so that it does not matter which event, or tick, let time pass it.
"""

from collections.abc import Iterable, Sequence

from events.identity import DUE, LONG_DUE
from events.model import Position
from events.timed import Timed, by_order
from registry import Registry
from rules.stay import fix_of
from rules.tracker_silent import Overdue, overdue_after_s
from rules.transport import ShipmentContext


def deadlines(
    shipment_id: str, fix: Timed[Position], registry: Registry
) -> list[Timed[Overdue]]:
    """When a silence after this fix is told of, and told of as a long one."""
    shipment = registry.shipment(shipment_id, fix.received_us)
    if shipment is None:
        return []
    context = ShipmentContext(shipment, registry, fix.received_us)
    after_s = overdue_after_s(fix_of(fix.identity, fix.at_us, fix.event), context)
    if after_s is None:
        return []
    found = []
    for mark, seconds in zip((DUE, LONG_DUE), after_s, strict=True):
        due_us = fix.at_us + round(seconds * 1e6)
        # Of a fix that came later than that, nothing could be said before it came.
        known_us = max(due_us, fix.received_us)
        overdue = Overdue(fix.identity, mark == LONG_DUE)
        found.append(Timed(fix.identity + mark, due_us, known_us, overdue))
    return found


def silences(
    shipment_id: str, fixes: Iterable[Timed[Position]], registry: Registry, now_us: int
) -> Iterable[Timed[Overdue]]:
    """Of the deadlines that have passed those before which no other fix came in time."""
    ordered = sorted(fixes, key=by_order)
    for index, fix in enumerate(ordered):
        least_us = fix.at_us + round(registry.policy(fix.received_us).silence_min_s * 1e6)
        if least_us > now_us or _is_ended(ordered, index, least_us, registry.lateness_us):
            continue
        for due in deadlines(shipment_id, fix, registry):
            if due.received_us <= now_us and not _is_ended(
                ordered, index, due.at_us, registry.lateness_us
            ):
                yield due


def _is_ended(
    ordered: Sequence[Timed[Position]], index: int, due_us: int, lateness_us: int
) -> bool:
    """Whether another fix had come before then, or came in time to say so."""
    for later in ordered[index + 1 :]:
        if later.at_us > due_us:
            return False
        if later.received_us < due_us + lateness_us:
            return True
    return False
