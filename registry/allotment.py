"""How far a permit's ``quantity`` reaches: which units still go under it, and which come too late.

INTERFACES, 'A recording': the quantity counts items shipped or received under the permit where that
is known, else seen there. So a unit counts once, at its first use: a movement where custody tells
of one, else the first sight. Uses are taken in order of their time, then identity, so the answer
depends on the set of uses alone.
"""

from collections.abc import Iterable
from typing import NamedTuple

from registry.known import BEFORE_EVERYTHING, FOREVER, instant, recorded_us
from registry.model import Permit


class Use(NamedTuple):
    """A unit that left for, came to or was seen in the area of permits of its dealer.

    ``unit`` is what moved, by its Digital Link URI: an item, or a case with ``items`` in it; an
    item seen of which custody knows the case that brought it is named by that case. ``identity``
    is the event's. ``territory_id`` is a territory that holds the place.
    """

    at_us: int
    identity: str
    unit: str
    gtin: str
    territory_id: str
    items: int = 1


def clears(permit: Permit, use: Use) -> bool:
    """Whether the permit speaks of such a use, however much of it is left: product, territory,
    and a time within its validity that is not before it was recorded."""
    begins_us = max(instant(permit.valid_from, absent=BEFORE_EVERYTHING), recorded_us(permit))
    return (
        begins_us <= use.at_us < instant(permit.valid_to, absent=FOREVER)
        and use.territory_id in permit.territory_ids
        and (permit.gtins == "all" or use.gtin in permit.gtins)
    )


def allotted(permits: Iterable[Permit], uses: Iterable[Use]) -> dict[str, str]:
    """Unit -> permit_id, for the units that permits of one dealer clear.

    A unit goes under the permit that ends first (ties by id) of those that clear it and have room
    for all its items; once allotted it stays so, wherever else in the area it is seen. A unit
    beyond every quantity is not in the answer.

    ``permits`` are the rows as known (one for each ``permit_id``).
    """
    ending = sorted(permits, key=lambda row: (instant(row.valid_to, absent=FOREVER), row.permit_id))
    left = {permit.permit_id: permit.quantity for permit in ending}
    found: dict[str, str] = {}
    for use in sorted(uses, key=lambda use: (use.at_us, use.identity)):
        if use.unit in found:
            continue
        for permit in ending:
            room = left[permit.permit_id]
            if clears(permit, use) and (room is None or use.items <= room):
                found[use.unit] = permit.permit_id
                left[permit.permit_id] = None if room is None else room - use.items
                break
    return found
