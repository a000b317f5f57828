"""Sales under permits with a quantity: inside until it is used up, and outside from then on.

A permit's quantity counts the items that were seen under it, each once, in the order in which that
was known (INTERFACES, 'A recording'): which shipments were meant for it, nobody reports.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct, field
from msgspec.structs import replace

from cases.judgement import Judgement
from registry import Registry
from registry.allotment import Use, clears
from registry.known import instant, recorded_us
from registry.model import Permit
from rules.model import Sighting

CERTAINLY_INSIDE = 0.05


class Permits(Struct):
    """How many items were seen under each permit."""

    used: dict[str, int] = field(default_factory=dict)


def under_permit(
    permits: Permits, sighting: Sighting, judged: Judgement, registry: Registry
) -> tuple[Sighting, bool]:
    """The sighting as it counts, and whether a permit is what makes it one inside."""
    rows = _limited(registry).get(sighting.dealer_id)
    if not rows or sighting.probability_outside >= CERTAINLY_INSIDE:
        return sighting, False
    held = registry.places.holding(
        sighting.lon, sighting.lat, sighting.at_us, judged.known_us
    )
    ids = [territory.territory_id for territory in held]
    if not ids or _is_authorised(sighting.dealer_id, ids, registry, judged.known_us):
        return sighting, False
    speaking = [row for row in _known(rows, judged.known_us) if _speaks(row, sighting, ids)]
    for row in sorted(speaking, key=lambda row: (instant(row.valid_to, absent=0), row.permit_id)):
        used = permits.used.get(row.permit_id, 0)
        if row.quantity is None or used < row.quantity or sighting.nth > 1:
            permits.used[row.permit_id] = used + (sighting.nth == 1)
            return sighting, True
    if not speaking:
        return sighting, False
    return replace(sighting, probability_outside=1.0, territory_id=ids[0]), False


def _speaks(row: Permit, sighting: Sighting, ids: Iterable[str]) -> bool:
    return any(
        clears(row, Use(sighting.at_us, "", sighting.item, sighting.gtin, territory_id))
        for territory_id in ids
    )


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
