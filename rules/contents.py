"""What is in a logistic unit, as far as packing events told: for rules that name goods by it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

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
    """Unit → GTIN → number of items; nothing in a unit of which nobody told what is in it."""
    return {
        unit: dict(sorted(Counter(filter(None, map(gtin_of, known.things))).items()))
        for unit, known in sorted(contents.items())
        if gtin_of(unit) is None
    }


def goods(contents: Mapping[str, Contents]) -> dict[str, Any]:
    """What a finding's facts say of the goods in these units: ``gtins`` and ``contents``."""
    units = counted(contents)
    if not units:
        return {}
    gtins = sorted({gtin for found in units.values() for gtin in found})
    return {"contents": units, **({"gtins": gtins} if gtins else {})}


def told_by(contents: Mapping[str, Contents]) -> tuple[Identity, ...]:
    """The events that told of the contents of these units."""
    return tuple(identity for known in contents.values() for identity in known.told_by)
