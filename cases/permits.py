"""Sales under permits with a quantity: inside until it is used up, and outside from then on.

A permit's quantity counts the items that were shipped to, received or seen in its area, each once,
by whichever of these was known first (INTERFACES, 'A recording'; docs/territories.md). An item that
went under it stays there, wherever it goes; one that came after does not get in by being read
again.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from cases.judgement import Judgement
from registry import Policy, Registry
from registry.allotment import Allotted, Use, clears, ends_us, take_goods, take_item
from registry.known import recorded_us
from registry.model import Permit
from rules.model import Finding, Load, Movement, Sighting, Subject

CERTAINLY_INSIDE = 0.05


class UnderPermit(NamedTuple):
    """A sighting as it counts; whether a permit is what makes it one inside; and the permit whose
    quantity was used up before it, if that is what makes it one outside."""

    sighting: Sighting
    is_cleared: bool
    exceeded: Permit | None = None


def under_permit(
    allotted: Allotted, sighting: Sighting, judged: Judgement, registry: Registry
) -> UnderPermit:
    """Hold a sighting that would be inside against the permits of its dealer."""
    if sighting.probability_outside >= CERTAINLY_INSIDE:
        return UnderPermit(sighting, is_cleared=False)
    clearing = registry.limited_permits.at(sighting.dealer_id, sighting.at_us, sighting.gtin)
    if not registry.places.may_hold(clearing.territory_ids, sighting.lon, sighting.lat):
        return UnderPermit(sighting, is_cleared=False)
    held = registry.places.holding(
        sighting.lon, sighting.lat, sighting.at_us, judged.known_us
    )
    ids = [territory.territory_id for territory in held]
    if not ids or _is_authorised(sighting.dealer_id, ids, registry, judged.known_us):
        return UnderPermit(sighting, is_cleared=False)
    speaking = [
        (row, use)
        for row in _known(clearing.rows, judged.known_us)
        for use in (_use(sighting, judged, into) for into in ids)
        if clears(row, use)
    ]
    if not speaking:
        return UnderPermit(sighting, is_cleared=False)
    origin = sighting.origin
    if any(take_item(allotted, [row], use, origin) for row, use in sorted(speaking, key=_by_end)):
        return UnderPermit(sighting, is_cleared=True)
    beyond = replace(sighting, probability_outside=1.0, territory_id=ids[0])
    return UnderPermit(beyond, False, min(speaking, key=_by_end)[0])


def move(
    allotted: Allotted, movement: Movement, judged: Judgement, registry: Registry
) -> None:
    """Count what moved under a permit of the first of its dealers that has one for it."""
    rows = [
        row
        for dealer_id in movement.dealer_ids
        for row in _speaking(dealer_id, movement, judged, registry)
    ]
    for load in movement.loads:
        for row in rows:
            if _moved_under(allotted, row, load, movement, judged):
                break


def _speaking(
    dealer_id: str, movement: Movement, judged: Judgement, registry: Registry
) -> list[Permit]:
    """The dealer's permits as known then, those that end first before others; none where it may
    sell without."""
    ids, known_us = movement.territory_ids, judged.known_us
    if _is_authorised(dealer_id, ids, registry, known_us):
        return []
    clearing = registry.limited_permits.at(dealer_id, movement.at_us)
    return sorted(_known(clearing.rows, known_us), key=_ending)


def _moved_under(
    allotted: Allotted, row: Permit, load: Load, movement: Movement, judged: Judgement
) -> bool:
    for territory_id in movement.territory_ids:
        use = Use(
            movement.at_us, judged.identity, load.unit, load.gtin, territory_id, load.items
        )
        if not clears(row, use):
            continue
        if load.unit == movement.unit:
            return take_item(allotted, [row], use, load.inside) is not None
        return take_goods(allotted, [row], use) is not None
    return False


def exceeded_finding(
    permit: Permit, sighting: Sighting, judged: Judgement, policy: Policy
) -> Finding:
    """What is said of an item that was seen where only a permit allowed it, after its quantity."""
    return Finding(
        rule="permit-exceeded",
        subject=Subject("dealer", sighting.dealer_id),
        occurred_us=sighting.at_us,
        strength=policy.strengths.permit_exceeded,
        inputs=(judged.identity,),
        facts={
            "dealer_id": sighting.dealer_id,
            "territory_id": sighting.territory_id,
            "permit_id": permit.permit_id,
            "quantity": permit.quantity,
            "gtin": sighting.gtin,
            "item": sighting.item,
        },
        values={"permit": permit.permit_id, "quantity": str(permit.quantity)},
    )


def _use(sighting: Sighting, judged: Judgement, territory_id: str) -> Use:
    return Use(sighting.at_us, judged.identity, sighting.item, sighting.gtin, territory_id)


def _by_end(speaking: tuple[Permit, Use]) -> tuple[int, str]:
    return _ending(speaking[0])


def _ending(permit: Permit) -> tuple[int, str]:
    return ends_us(permit), permit.permit_id


def _known(rows: Iterable[Permit], known_us: int) -> list[Permit]:
    """Of the rows with one id, the one recorded last by then."""
    newest: dict[str, Permit] = {}
    for row in sorted(rows, key=recorded_us):
        if recorded_us(row) <= known_us:
            newest[row.permit_id] = row
    return list(newest.values())


def _is_authorised(
    dealer_id: str, ids: Sequence[str], registry: Registry, known_us: int
) -> bool:
    """Whether the dealer, or one above it, was ever authorised for one of these territories: then
    it is no permit that makes it inside."""
    family, dealer = {dealer_id}, registry.dealer(dealer_id, known_us)
    while dealer is not None and dealer.parent_id is not None and dealer.parent_id not in family:
        family.add(dealer.parent_id)
        dealer = registry.dealer(dealer.parent_id, known_us)
    return any(registry.was_ever_given(member, ids) for member in family)
