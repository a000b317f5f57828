"""Counts an item's located visits since one dealer answers for it, and makes sightings of them."""

from msgspec import Struct

from events.identity import Identity
from events.model import Scan
from rules.item import ItemScan, item_of, radius_95_m
from rules.model import PlaceVerdict, Sighting
from rules.places_seen import LonLat, with_place

MOST_VISITS = 8
"""Of an item that more visits read, a showcase, nothing further is told."""


class Visits(Struct, frozen=True, array_like=True, gc=False):
    """How many visits of the item were told since ``owned_by``; where, and the last one's session.
    """

    owned_by: Identity | None
    told: int
    places: tuple[LonLat, ...]
    session: str | None


def visited(
    visits: Visits | None,
    scan: Scan,
    owned_by: Identity | None,
    place: LonLat,
    apart_m: float,
) -> tuple[Visits, bool]:
    """The visits with this scan's, and whether it is one to be told: a retry, a scan by the trade
    or an inspector (goods travel until they are sold) and the hundredth visit are not. Places
    closer than ``apart_m`` are one."""
    if visits is None or visits.owned_by != owned_by:
        visits = Visits(owned_by, 0, (), None)
    is_retry = scan.session is not None and scan.session == visits.session
    if is_retry or scan.reader != "consumer" or visits.told >= MOST_VISITS:
        return visits, False
    places = with_place(visits.places, place, apart_m)
    return Visits(owned_by, visits.told + 1, places, scan.session), True


def sighting_of(
    event: ItemScan,
    dealer_id: str,
    origin: str | None,
    visits: Visits,
    place: LonLat,
    verdict: PlaceVerdict,
) -> Sighting:
    """The sighting that the last of the visits is, at its place (WGS-84)."""
    scan, distance_m = event.event, verdict.distance_m
    return Sighting(
        item=item_of(scan),
        gtin=scan.gtin or "",
        dealer_id=dealer_id,
        origin=origin,
        at_us=event.at_us,
        lon=place[0],
        lat=place[1],
        probability_outside=1.0 - verdict.probability_inside,
        distance_m=distance_m if distance_m == distance_m else None,
        territory_id=verdict.territory.territory_id if verdict.territory else None,
        nth=visits.told,
        places=visits.places,
        radius_m=radius_95_m(event.event.location) if event.event.location else 0.0,
    )
