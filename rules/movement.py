"""Goods that left for, or came to, a place in which only a permit may let their dealer sell them.

What counts towards a permit's quantity is decided where judgements are gathered
(``cases.permits``); here is who might need one, and where the goods went (docs/territories.md).
"""

from collections.abc import Iterable

from custody import Custody, Step
from custody.fold import RECEIPTS
from registry import Registry
from registry.model import Site
from rules.handling import HandlingContext
from rules.model import Movement


def movement_of(step: Step, after: Custody, context: HandlingContext) -> Movement | None:
    """The movement that a shipping or receiving event is for the thing that it names; None where it
    went nowhere that a permit with a quantity speaks of."""
    registry, known_us = context.registry, context.known_us
    if not registry.limited_permits or context.role not in ("self", "child"):
        return None
    site = _site(step, registry, known_us)
    if site is None:
        return None
    glns = (context.custody.owner, step.from_owner, step.from_holder, after.owner)
    dealers = (registry.dealer_by_gln(gln, known_us) for gln in glns)
    limited = dict.fromkeys(
        dealer.dealer_id
        for dealer in dealers
        if dealer is not None and dealer.dealer_id in registry.limited_permits
    )
    territories = _permitted(limited, site, step.at_us, registry, known_us)
    if not territories:
        return None
    return Movement(
        unit=context.epc,
        dealer_ids=tuple(limited),
        inside=after.container or context.custody.container,
        at_us=step.at_us,
        territory_ids=territories,
        told_us=step.received_us,
        told_by=step.identity,
    )


def _site(step: Step, registry: Registry, known_us: int) -> Site | None:
    """Where the goods went: the site of a receipt; of a shipment the site that is its destination,
    where the registry knows it as one."""
    if step.biz_step in RECEIPTS:
        return registry.site(step.site_gln, known_us) if step.site_gln else None
    if step.biz_step != "shipping":
        return None
    glns = (step.to_holder, step.to_owner)
    sites = (registry.site(gln, known_us) for gln in glns if gln is not None)
    return next((site for site in sites if site is not None), None)


def _permitted(
    dealer_ids: Iterable[str], site: Site, at_us: int, registry: Registry, known_us: int
) -> tuple[str, ...]:
    """The territories that hold the site, if a permit of one of the dealers that is in force then
    speaks of any."""
    areas = [registry.limited_permits.at(one, at_us).territory_ids for one in dealer_ids]
    if not any(registry.places.may_hold(area, site.lon, site.lat) for area in areas):
        return ()
    held = registry.places.holding(site.lon, site.lat, at_us, known_us)
    ids = tuple(territory.territory_id for territory in held)
    return () if all(area.isdisjoint(ids) for area in areas) else ids
