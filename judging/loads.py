"""What is in goods that moved: items by container, through cases and pallets, as packing events
told of them up to then."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from custody import Step
from events.identity import Identity
from judging.history import History
from judging.windows import Draft, Judged, S, Variant
from registry.allotment import goods_in
from rules.contents import NOTHING, gtin_of, packed
from rules.model import Load, Movement, Outcome

Packings = Mapping[str, Sequence[Step]]
Things = Mapping[Identity, tuple[str, ...]]


def with_loads(judged: Mapping[str, Judged[S]], history: History) -> Mapping[str, Judged[S]]:
    """The same with what is in the goods of each movement; one look-up a level of packing."""
    moved = {movement.unit for found in judged.values() for movement in _movements(found)}
    if not moved:
        return judged
    packings, things = _below(moved, history)

    def laden(variant: Variant) -> Variant:
        outcomes = [_laden(outcome, packings, things) for outcome in variant.outcomes]
        return replace(variant, outcomes=outcomes)

    return {
        epc: found._replace(
            drafts=[
                Draft(draft.moment, tuple(laden(variant) for variant in draft.variants))
                for draft in found.drafts
            ]
        )
        for epc, found in judged.items()
    }


def _movements(judged: Judged[S]) -> Iterable[Movement]:
    return (
        outcome
        for draft in judged.drafts
        for variant in draft.variants
        for outcome in variant.outcomes
        if isinstance(outcome, Movement)
    )


def _below(units: Iterable[str], history: History) -> tuple[Packings, Things]:
    """The packing events of the units and of all that was ever in them, and what these name."""
    packings: dict[str, Sequence[Step]] = {}
    things: dict[Identity, tuple[str, ...]] = {}
    level = set(units)
    while level:
        found = history.packings_of(level)
        packings.update({epc: _standing(found.get(epc, ())) for epc in level})
        named = history.contents_of({step.identity for epc in level for step in packings[epc]})
        things.update(named)
        level = {thing for inside in named.values() for thing in inside} - packings.keys()
    return packings, things


def _standing(steps: Sequence[Step]) -> Sequence[Step]:
    """In order, without what an error declaration took back."""
    void = {step.voids for step in steps if step.voids is not None}
    standing = (step for step in steps if step.voids is None and step.identity not in void)
    return sorted(standing, key=lambda step: step.order)


def _laden(outcome: Outcome, packings: Packings, things: Things) -> Outcome:
    if not isinstance(outcome, Movement):
        return outcome
    counted: Counter[tuple[str, str]] = Counter()
    told = (outcome.told_us, outcome.told_by)
    waiting, seen = [(outcome.unit, outcome.inside)], {outcome.unit}
    is_loose = True
    while waiting:
        thing, inside = waiting.pop()
        steps = [step for step in packings[thing] if step.at_us <= outcome.at_us]
        if not steps and (gtin := gtin_of(thing)) is not None:
            counted[(inside or "", gtin)] += 1
            continue
        is_loose = False
        contents = NOTHING
        for step in steps:
            contents = packed(contents, step, things.get(step.identity, ()))
            told = max(told, (step.received_us, step.identity))
        inner = [one for one in contents.things if one not in seen]
        seen.update(inner)
        waiting += [(one, thing) for one in inner]
    loads = tuple(
        Load(outcome.unit if is_loose else goods_in(inside, gtin), gtin, items, inside or None)
        for (inside, gtin), items in sorted(counted.items())
    )
    return replace(outcome, loads=loads, told_us=told[0], told_by=told[1])
