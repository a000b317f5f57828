"""From stored events to trails: each item's own steps, and those of every container it was in."""

from collections.abc import Collection

from custody import Role, Step, Trail
from custody.trail import Touch
from events.identity import Identity
from judging.history import History

Named = tuple[Step, Role]
"""An item event that names a thing, and as what."""
Rows = dict[str, list[Named]]


def trails(epcs: Collection[str], history: History) -> dict[str, Trail]:
    """The trail of each EPC."""
    rows = rows_of(epcs, history)
    return {epc: trail_of(epc, rows) for epc in epcs}


def trail_of(epc: str, rows: Rows) -> Trail:
    """One EPC's trail out of what names it and its containers."""
    return Trail.of_unique(epc, touches_of_one(epc, rows[epc], rows, called=epc)[0])


def rows_of(epcs: Collection[str], history: History) -> Rows:
    """What names each EPC, and each of the containers that it was ever in. One look-up a level of
    packing, however many EPCs there are."""
    rows: Rows = {}
    level = set(epcs)
    while level:
        found = history.steps_of(level)
        rows.update({epc: found.get(epc, []) for epc in level})
        level = {
            step.parent
            for epc in level
            for step, role in rows[epc]
            if role == "child" and step.parent is not None
        } - rows.keys()
    return rows


def touches_of_one(
    epc: str, own: list[Named], rows: Rows, *, called: str
) -> tuple[list[Touch], list[str]]:
    """The touches of an EPC's trail in no order, and its containers.

    Args:
        own: what names the EPC itself.
        called: its name among the roles of each touch.
    """
    roles: dict[Identity, dict[str, Role]] = {}
    touches: list[Touch] = []
    members, name, named = [epc], called, own
    for member in members:  # grows while it is gone through
        if member is not epc:
            name, named = member, rows[member]
        for step, role in named:
            identity = step.identity
            if identity in roles:
                roles[identity][name] = role
            else:
                roles[identity] = told = {name: role}
                touches.append(Touch(step, told))
            if role == "child" and step.parent is not None and step.parent not in members:
                members.append(step.parent)
    return touches, members[1:]
