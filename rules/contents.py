"""What is in a logistic unit, as far as packing events told: for rules that name goods by it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from custody import Step
from events.identity import Identity

ITEM = "https://id.gs1.org/01/"


class Contents(Struct, frozen=True, array_like=True):
    """The things packed into one unit, and the events that told of them."""

    things: tuple[str, ...] = ()
    told_by: tuple[Identity, ...] = ()


NOTHING = Contents()


def gtin_of(thing: str) -> str | None:
    """The GTIN of an item by its canonical URI; None of a logistic unit and the like."""
    return thing[len(ITEM) : len(ITEM) + 14] if thing.startswith(ITEM) else None


def packed(contents: Contents, step: Step, things: Iterable[str]) -> Contents:
    """The contents after an aggregation of which the unit is the parent."""
    if step.type != "AggregationEvent":
        return contents
    if step.action != "DELETE":
        now = tuple(dict.fromkeys([*contents.things, *things]))
    elif step.whole:
        now = ()
    else:
        gone = set(things)
        now = tuple(thing for thing in contents.things if thing not in gone)
    return Contents(now, (*contents.told_by, step.identity))


def counted(contents: Mapping[str, Contents]) -> dict[str, dict[str, int]]:
    """Unit → GTIN → number of items, of those units of which any item is known."""
    found = {
        unit: dict(sorted(Counter(filter(None, map(gtin_of, known.things))).items()))
        for unit, known in sorted(contents.items())
    }
    return {unit: gtins for unit, gtins in found.items() if gtins}


def told_by(contents: Mapping[str, Contents]) -> tuple[Identity, ...]:
    """The events that told of the contents of these units."""
    return tuple(identity for known in contents.values() for identity in known.told_by)
