"""An item read where the dealer who answers for it may not sell it."""

from collections.abc import Sequence
from functools import partial

from custody import Custody
from events.model import Scan
from registry import Policy, Window
from registry.model import Dealer
from registry.places import on_wgs84
from rules.item import OURS, Concern, ItemContext, ItemScan, item_subject
from rules.model import Finding, PlaceQuestion, PlaceVerdict, Said
from rules.places_seen import LonLat
from rules.sighting import Visits, sighting_of, visited


class ScanOutsideTerritory:
    """Asks whether the place lies in the dealer's area; fires only on a certain ``outside``.

    The area is where the dealer might have sold the item between its receipt and the scan, or at
    the time of sale where that is known. One consumer's scan abroad is weak: people travel. Every
    visit, inside too, is told as a sighting to what gathers judgements. An IP address says nothing
    of a county, so nothing is asked of it.
    """

    id = "scan-outside-territory"
    concerns: Concern = "placed"
    initial: Visits | None = None

    def step(
        self, state: Visits | None, event: ItemScan, *, context: ItemContext
    ) -> tuple[Visits | None, Sequence[PlaceQuestion]]:
        """The question of place, or nothing where there is no place, dealer or territory."""
        scan, custody, registry = event.event, context.custody, context.registry
        at = scan.location
        if at is None or at.source == "ip" or scan.gtin is None or scan.signature not in OURS:
            return state, ()
        dealer = registry.dealer_by_gln(custody.owner, context.known_us)
        if dealer is None:
            return state, ()
        window = _window(event, custody)
        area = registry.authority.where(dealer.dealer_id, scan.gtin, window, context.known_us)
        if area is None:
            return state, ()
        # Most are inside: what there would be to say is worked out only if it has to be said.
        place = on_wgs84(at.lon, at.lat, at.crs)
        apart_m = context.policy.places_apart_m
        state, is_told = visited(state, scan, custody.owned_by, place, apart_m)
        answer = partial(
            _answer, event, dealer, context, (state, place) if is_told else None
        )
        return state, (PlaceQuestion(area, at, event.at_us, context.known_us, answer),)


def _window(event: ItemScan, custody: Custody) -> Window:
    owned_us = custody.owned_us if custody.owned_us is not None else event.at_us
    if custody.sold_us is not None:
        return Window(custody.sold_us, custody.sold_us, owned_us)
    return Window(owned_us, event.at_us, owned_us)


def _weight(scan: Scan, policy: Policy, *, sold: bool) -> float:
    by_reader = {
        "consumer": policy.strength_consumer,
        "dealer": policy.strength_dealer,
        "inspector": policy.strength_inspector,
    }
    return by_reader[scan.reader] * (policy.strength_sold if sold else 1.0)


def _answer(
    event: ItemScan,
    dealer: Dealer,
    context: ItemContext,
    visits: tuple[Visits, LonLat] | None,
    verdict: PlaceVerdict,
) -> Sequence[Said]:
    said: list[Said] = []
    if verdict.verdict == "outside":
        said.append(_outside(event, dealer, context, verdict))
    if visits is not None:
        said.append(sighting_of(event, dealer.dealer_id, context.origin, *visits, verdict))
    return said


def _outside(
    event: ItemScan, dealer: Dealer, context: ItemContext, verdict: PlaceVerdict
) -> Finding:
    scan, custody, territory = event.event, context.custody, verdict.territory
    weight = _weight(scan, context.policy, sold=custody.sold_us is not None)
    inputs = (event.identity, custody.owned_by, *custody.owned_through, custody.sold_by)
    has_border = verdict.distance_m == verdict.distance_m
    distance_km = max(verdict.distance_m, 0.0) / 1000 if has_border else None
    return Finding(
        rule=ScanOutsideTerritory.id,
        subject=item_subject(scan),
        occurred_us=event.at_us,
        strength=weight * (1 - verdict.probability_inside),
        inputs=tuple(identity for identity in inputs if identity is not None),
        facts={
            "dealer_id": dealer.dealer_id,
            "gtin": scan.gtin,
            "reader": scan.reader,
            "territory_id": territory.territory_id if territory else None,
            "probability_inside": verdict.probability_inside,
            "distance_m": verdict.distance_m if has_border else None,
            "source": scan.location.source if scan.location else None,
        },
        values={
            "dealer": dealer.name,
            "where_en": territory.name if territory else "a place in no known territory",
            "where_zh": territory.name if territory else "不属于任何已知区域的地点",
            "distance_en": "" if distance_km is None
            else f", {distance_km:.1f} km beyond the border",
            "distance_zh": "" if distance_km is None else f"，超出边界 {distance_km:.1f} 公里",
            "percent": f"{verdict.probability_inside * 100:.1f}",
        },
    )
