"""How far a permit's ``quantity`` reaches: which units still go under it, and which come too late.

INTERFACES, 'A recording': the quantity counts items shipped or received under the permit where that
is known, else seen there. So a unit counts once, at its first use: a movement where custody tells
of one, else the first sight. Uses are taken in order of their time, then identity, so the answer
depends on the set of uses alone.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

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


def begins_us(permit: Permit) -> int:
    """From when on it clears anything: nothing that happened before it was recorded."""
    return max(instant(permit.valid_from, absent=BEFORE_EVERYTHING), recorded_us(permit))


def ends_us(permit: Permit) -> int:
    """Until when it clears anything."""
    return instant(permit.valid_to, absent=FOREVER)


def is_in_force(permit: Permit, at_us: int) -> bool:
    """Whether it clears anything that happens then."""
    return begins_us(permit) <= at_us < ends_us(permit)


def clears(permit: Permit, use: Use) -> bool:
    """Whether the permit speaks of such a use, however much of it is left: product, territory,
    and a time within its validity that is not before it was recorded."""
    return (
        is_in_force(permit, use.at_us)
        and use.territory_id in permit.territory_ids
        and (permit.gtins == "all" or use.gtin in permit.gtins)
    )


class Allotted(Struct):
    """What went under permits so far: how many items under each, and which units under which."""

    used: dict[str, int] = field(default_factory=dict)
    permit_of: dict[str, str] = field(default_factory=dict)
    apart: dict[str, int] = field(default_factory=dict)
    """By ``goods_in``, how many items of a container went under a permit by themselves, before the
    container did."""


def goods_in(container: str, gtin: str) -> str:
    """The unit that the items of one product in one container are."""
    return f"{container} {gtin}"


def take_item(
    so_far: Allotted, permits: Iterable[Permit], use: Use, container: str | None
) -> str | None:
    """The same as ``take`` for a single item, which went with its container where that did."""
    unit = None if container is None else goods_in(container, use.gtin)
    if unit in so_far.permit_of:
        return so_far.permit_of[unit]
    is_new = use.unit not in so_far.permit_of
    permit_id = take(so_far, permits, use)
    if unit is not None and is_new and use.unit in so_far.permit_of:
        so_far.apart[unit] = so_far.apart.get(unit, 0) + 1
    return permit_id


def take_goods(so_far: Allotted, permits: Iterable[Permit], use: Use) -> str | None:
    """The same for all items of a product in a container, less those that went by themselves."""
    items = max(0, use.items - so_far.apart.get(use.unit, 0))
    return take(so_far, permits, use._replace(items=items))


def take(so_far: Allotted, permits: Iterable[Permit], use: Use) -> str | None:
    """The id of the permit under which a use goes, noted in ``so_far``; None where there is none
    that clears it and has room for all its items.

    A unit goes under the permit that ends first (ties by id); once allotted it stays so, wherever
    else in the area it is seen. Units of a permit without a quantity are not noted.
    """
    if use.unit in so_far.permit_of:
        return so_far.permit_of[use.unit]
    for permit in sorted(permits, key=_ending):
        used = so_far.used.get(permit.permit_id, 0)
        if not clears(permit, use):
            continue
        if permit.quantity is None:
            return permit.permit_id
        if used + use.items <= permit.quantity:
            so_far.used[permit.permit_id] = used + use.items
            so_far.permit_of[use.unit] = permit.permit_id
            return permit.permit_id
    return None


def _ending(permit: Permit) -> tuple[int, str]:
    return ends_us(permit), permit.permit_id


def allotted(permits: Sequence[Permit], uses: Iterable[Use]) -> dict[str, str]:
    """Unit -> permit_id, for the units that permits of one dealer clear, uses in order of time,
    then identity. A unit beyond every quantity is not in the answer.

    ``permits`` are the rows as known (one for each ``permit_id``).
    """
    so_far, found = Allotted(), dict[str, str]()
    for use in sorted(uses, key=lambda use: (use.at_us, use.identity)):
        permit_id = take(so_far, permits, use)
        if permit_id is not None:
            found.setdefault(use.unit, permit_id)
    return found
