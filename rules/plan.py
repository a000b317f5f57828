"""A shipment's plan, as its rules ask it: where it may stop, its way, and who is to get it."""

from functools import lru_cache

from events.model import Location
from geo.corridor import Route
from geo.geodesic import between_m
from registry import AreaKey, Registry, Window
from registry.authority import ANY_PRODUCT
from registry.model import Dealer
from rules.model import Place
from rules.transport import ShipmentContext


def dealer_at(gln: str | None, registry: Registry, known_us: int) -> Dealer | None:
    """The dealer whose party or site GLN this is."""
    if gln is None:
        return None
    dealer = registry.dealer_by_gln(gln, known_us)
    site = registry.site(gln, known_us) if dealer is None else None
    if site is None or site.dealer_id is None:
        return dealer
    return registry.dealer(site.dealer_id, known_us)


def receiver(context: ShipmentContext) -> Dealer | None:
    """The dealer to whom it goes."""
    return dealer_at(context.shipment.to_gln, context.registry, context.known_us)


def receiver_id(context: ShipmentContext) -> str | None:
    """Id of the dealer to whom it goes."""
    dealer = receiver(context)
    return dealer.dealer_id if dealer else None


def allowed(
    at_us: int, context: ShipmentContext, gtin: str = ANY_PRODUCT
) -> AreaKey | None:
    """The areas of both ends together, for a product where one is known; None where the receiver
    has none to be outside of."""
    registry, known_us = context.registry, context.known_us
    window = Window(at_us, at_us, at_us)
    areas = [
        registry.authority.where(dealer.dealer_id, gtin, window, known_us)
        if (dealer := dealer_at(gln, registry, known_us)) else None
        for gln in (context.shipment.to_gln, context.shipment.from_gln)
    ]
    if areas[0] is None:
        return None
    return tuple(sorted({*areas[0], *(areas[1] or ())}))


def is_planned(place: Place | Location, context: ShipmentContext, *, more_m: float = 0.0) -> bool:
    """Near a stop, an end of the route, or a site of the parties at both ends."""
    shipment, registry = context.shipment, context.registry
    margin_m = context.policy.place_margin_m + place.accuracy_m + more_m
    planned = [(stop.lon, stop.lat, stop.radius_m) for stop in shipment.stops or ()]
    if shipment.route:
        planned += [(lon, lat, 0.0) for lon, lat in (shipment.route[0], shipment.route[-1])]
    for gln in (shipment.from_gln, shipment.to_gln):
        sites = registry.sites_of(gln, context.known_us)
        planned += [(site.lon, site.lat, 0.0) for site in sites]
    return any(
        between_m(place.lon, place.lat, lon, lat) <= radius_m + margin_m
        for lon, lat, radius_m in planned
    )


@lru_cache(maxsize=256)
def route_of(points: tuple[tuple[float, float], ...]) -> Route:
    """The route through these points (degrees, WGS-84)."""
    return Route(points)
