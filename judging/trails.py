"""From stored events to trails: each item's own steps, and those of every container it was in."""

from collections.abc import Collection

from custody import Role, Step, Trail
from custody.trail import Touch
from events.identity import Identity
from judging.history import History

Rows = dict[str, list[tuple[Step, Role]]]


def trails(epcs: Collection[str], history: History) -> dict[str, Trail]:
    """The trail of each EPC."""
    return {
        epc: Trail.of_unique(epc, touches) for epc, touches in touches_of(epcs, history).items()
    }


def touches_of(epcs: Collection[str], history: History) -> dict[str, list[Touch]]:
    """The touches of each EPC's trail in no order, for whoever orders them with more. One look-up a
    level of packing, however many EPCs there are."""
    rows: Rows = {}
    level = set(epcs)
    while level:
        found = history.steps_of(level)
        rows.update({epc: found.get(epc, []) for epc in level})
        level = {parent for epc in level for parent in _parents(rows[epc])} - rows.keys()
    return {epc: _touches(epc, rows) for epc in epcs}


def _parents(steps: list[tuple[Step, Role]]) -> set[str]:
    return {step.parent for step, role in steps if role == "child" and step.parent is not None}


def _touches(epc: str, rows: Rows) -> list[Touch]:
    roles: dict[Identity, dict[str, Role]] = {}
    touches: list[Touch] = []
    waiting, seen = [epc], {epc}
    while waiting:
        member = waiting.pop()
        for step, role in rows[member]:
            identity = step.identity
            if identity in roles:
                roles[identity][member] = role
            else:
                named = roles[identity] = {member: role}
                touches.append(Touch(step, named))
            if role == "child" and step.parent is not None and step.parent not in seen:
                seen.add(step.parent)
                waiting.append(step.parent)
    return touches
