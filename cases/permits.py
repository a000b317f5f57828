"""Sales under permits with a quantity: inside until it is used up, and outside from then on.

A permit's quantity counts the items that were seen under it, each once, in the order in which that
was known (INTERFACES, 'A recording'): which shipments were meant for it, nobody reports. An item
that went under it stays there; one that came after does not get in by being read again.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from msgspec.structs import replace

from cases.judgement import Judgement
from registry import Policy, Registry
from registry.allotment import Allotted, Use, clears, take
from registry.known import FOREVER, instant, recorded_us
from registry.model import Permit
from rules.model import Finding, Sighting, Subject

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
    rows = _limited(registry).get(sighting.dealer_id)
    if not rows or sighting.probability_outside >= CERTAINLY_INSIDE:
        return UnderPermit(sighting, is_cleared=False)
    held = registry.places.holding(
        sighting.lon, sighting.lat, sighting.at_us, judged.known_us
    )
    ids = [territory.territory_id for territory in held]
    if not ids or _is_authorised(sighting.dealer_id, ids, registry, judged.known_us):
        return UnderPermit(sighting, is_cleared=False)
    speaking = [
        (row, use)
        for row in _known(rows, judged.known_us)
        for use in (_use(sighting, judged, into) for into in ids)
        if clears(row, use)
    ]
    if not speaking:
        return UnderPermit(sighting, is_cleared=False)
    if any(take(allotted, [row], use) for row, use in sorted(speaking, key=_by_end)):
        return UnderPermit(sighting, is_cleared=True)
    beyond = replace(sighting, probability_outside=1.0, territory_id=ids[0])
    return UnderPermit(beyond, False, min(speaking, key=_by_end)[0])


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
        values={
            "dealer": sighting.dealer_id,
            "permit": permit.permit_id,
            "quantity": str(permit.quantity),
        },
    )


def _use(sighting: Sighting, judged: Judgement, territory_id: str) -> Use:
    return Use(sighting.at_us, judged.identity, sighting.item, sighting.gtin, territory_id)


def _by_end(speaking: tuple[Permit, Use]) -> tuple[int, str]:
    permit = speaking[0]
    return instant(permit.valid_to, absent=FOREVER), permit.permit_id


def _known(rows: Iterable[Permit], known_us: int) -> list[Permit]:
    """Of the rows with one id, the one recorded last by then."""
    newest: dict[str, Permit] = {}
    for row in sorted(rows, key=recorded_us):
        if recorded_us(row) <= known_us:
            newest[row.permit_id] = row
    return list(newest.values())


@lru_cache(maxsize=8)
def _limited(registry: Registry) -> dict[str, list[Permit]]:
    """All permits of the dealers that have one with a quantity."""
    found: dict[str, list[Permit]] = {}
    for row in registry.rows.permits:
        found.setdefault(row.dealer_id, []).append(row)
    return {
        dealer_id: rows
        for dealer_id, rows in found.items()
        if any(row.quantity is not None for row in rows)
    }


def _is_authorised(
    dealer_id: str, ids: Iterable[str], registry: Registry, known_us: int
) -> bool:
    """Whether the dealer, or one above it, was ever authorised for one of these territories: then
    it is no permit that makes it inside."""
    family, dealer = {dealer_id}, registry.dealer(dealer_id, known_us)
    while dealer is not None and dealer.parent_id is not None and dealer.parent_id not in family:
        family.add(dealer.parent_id)
        dealer = registry.dealer(dealer.parent_id, known_us)
    own = {
        territory_id
        for row in registry.rows.authorisations
        if row.dealer_id in family
        for territory_id in row.territory_ids
    }
    return any(territory_id in own for territory_id in ids)
