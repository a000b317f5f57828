"""How an item is folded: its scans and its custody, in one order, through the item rules."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from custody import Custody, Trail, apply
from custody.trail import Touch
from events.identity import Identity
from events.model import Scan
from events.timed import Timed
from registry import Registry
from rules.catalogue import ITEM_RULES, ItemStates, initial_item_states
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

    def step(
        self, state: ItemState, moment: Timed[Any]
    ) -> tuple[ItemState, Sequence[Outcome] | None]:
        """A touch changes custody; a scan is judged by every item rule."""
        if isinstance(moment.event, Touch):
            step, roles = moment.event
            custody = apply(state.custody, step, roles, party_at=self._registry.party_at)
            return ItemState(custody, custody.container or state.origin, state.rules), None
        context = ItemContext(state.custody, self._registry, moment.received_us, state.origin)
        states, outcomes = [], []
        for rule, before in zip(ITEM_RULES, state.rules, strict=True):
            after, said = rule.step(before, moment, context=context)
            states.append(after)
            if said:
                outcomes += said
        return ItemState(state.custody, state.origin, tuple(states)), outcomes

    def voids(self, moment: Timed[Any]) -> Identity | None:
        """An item event may be an error declaration."""
        return moment.event.step.voids if isinstance(moment.event, Touch) else None


def moments(scans: Iterable[Timed[Scan]], trail: Trail) -> Iterable[Timed[Any]]:
    """Everything that bears on an item."""
    yield from scans
    for touch in trail.touches:
        step = touch.step
        yield Timed(step.identity, step.at_us, step.received_us, touch)
