"""How an item is folded: its scans and its custody, in one order, through the item rules."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from custody import Custody, apply
from custody.trail import Touch
from events.identity import Identity
from events.model import Scan
from events.timed import Timed
from judging.windows import Heard
from registry import Registry
from rules.catalogue import ItemStates, initial_item_states, steps_for
from rules.item import ItemContext
from rules.model import Outcome


class ItemState(Struct, frozen=True, array_like=True):
    """Custody of the item, the container it came in, and the state of each item rule."""

    custody: Custody
    origin: str | None
    rules: ItemStates


class ItemFold:
    """Folds one item; see ``judging.windows``."""

    def __init__(self, item: str, registry: Registry) -> None:
        self._item = item
        self._registry = registry

    def initial(self) -> ItemState:
        """Nobody has it and nothing was seen of it."""
        return ItemState(Custody(self._item, {}), None, initial_item_states())

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
            context = ItemContext(custody, registry, moment.received_us, origin)
            outcomes: list[Outcome] = []
            for index, step in steps_for(event):
                states[index], said = step(states[index], moment, context=context)
                if said:
                    outcomes += said
            heard.append((moment, outcomes))
        rules: Any = tuple(states)
        return ItemState(custody, origin, rules), heard

    def voids(self, moments: Sequence[Timed[Any]]) -> list[Identity | None]:
        """An item event may be an error declaration."""
        return [
            moment.event.step.voids if type(moment.event) is Touch else None for moment in moments
        ]


def moments(scans: Iterable[Timed[Scan]], touches: Iterable[Touch]) -> list[Timed[Any]]:
    """Everything that bears on an item."""
    found: list[Timed[Any]] = [*scans]
    for touch in touches:
        step = touch.step
        found.append(Timed(step.identity, step.at_us, step.received_us, touch))
    return found
