"""A shipment that stops or is unloaded where neither end of it may sell. Passage is free."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from custody import Step
from events.model import Crs, Position
from geo.geodesic import distance_m
from registry import AreaKey, Registry, Window
from registry.authority import ANY_PRODUCT
from rules.model import Finding, Outcome, Place, PlaceQuestion, PlaceVerdict
from rules.transport import ShipmentContext, ShipmentInput, place_of_position, shipment_subject

UNLOADING = frozenset(["unpacking", "unloading", "receiving", "accepting", "storing", "stocking"])


class Fix(NamedTuple):
    """One fix, as far as a stay needs it."""

    identity: str
    at_us: int
    lon: float
    lat: float
    accuracy_m: float
    crs: Crs


class Stay(NamedTuple):
    """Fixes about one spot: the first and the newest, one that strayed, whether it was reported."""

    first: Fix
    last: Fix
    stray: Fix | None = None
    told: bool = False


class ShipmentOutsideTerritories:
    """Fires once a stay has lasted long enough, or at once on an unloading, where the place lies
    outside the areas of sender and receiver and near none of the planned places."""

    id = "shipment-outside-territories"
    initial: Stay | None = None

    def step(
        self, state: Stay | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Stay | None, Sequence[Outcome]]:
        """The state is the stay under way, None while under way."""
        if isinstance(event.event, Step):
            return state, tuple(self._unloaded(event.event, event.at_us, context))
        stay = _follow(state, event.identity, event.at_us, event.event, context.registry)
        if stay is None or stay.told:
            return stay, ()
        seconds = (stay.last.at_us - stay.first.at_us) / 1e6
        if seconds < context.registry.policy.stop_min_s:
            return stay, ()
        return stay._replace(told=True), tuple(self._stopped(stay, event.event, seconds, context))

    def _stopped(
        self, stay: Stay, position: Position, seconds: float, context: ShipmentContext
    ) -> Iterable[PlaceQuestion]:
        place = place_of_position(position)._replace(
            lon=stay.first.lon, lat=stay.first.lat, accuracy_m=stay.first.accuracy_m,
            crs=stay.first.crs,
        )
        minutes = f"{seconds / 60:.0f}"
        yield from self._ask(
            place,
            stay.last.at_us,
            (stay.first.identity, stay.last.identity),
            {"what": "stop", "seconds": seconds},
            {"what_en": f"stood still for {minutes} minutes", "what_zh": f"停留了 {minutes} 分钟"},
            context,
        )

    def _unloaded(
        self, step: Step, at_us: int, context: ShipmentContext
    ) -> Iterable[PlaceQuestion]:
        if step.biz_step not in UNLOADING or step.site_gln is None:
            return
        site = context.registry.site(step.site_gln, context.known_us)
        if site is None:
            return
        yield from self._ask(
            Place(site.lon, site.lat, 0.0, 0.95, "manual", "wgs84"),
            at_us,
            (step.identity,),
            {"what": step.biz_step, "site_gln": step.site_gln},
            {"what_en": f"was unloaded ({step.biz_step}) at site {step.site_gln}",
             "what_zh": f"在地点 {step.site_gln} 卸货（{step.biz_step}）"},
            context,
        )

    def _ask(
        self, place: Place, at_us: int, inputs: tuple[str, ...], facts: dict[str, object],
        values: dict[str, str], context: ShipmentContext,
    ) -> Iterable[PlaceQuestion]:
        area = _allowed(at_us, context)
        if area is None or _is_planned(place, context):
            return
        finding = Finding(
            rule=self.id,
            subject=shipment_subject(context),
            occurred_us=at_us,
            strength=0.8,
            inputs=inputs,
            facts={**facts, "dealer_id": _receiver(context)},
            values=values,
        )
        answer = partial(_answer, finding, place)
        yield PlaceQuestion(area, place, at_us, context.known_us, answer)


def _follow(
    stay: Stay | None, identity: str, at_us: int, position: Position, registry: Registry
) -> Stay | None:
    """The stay after one more fix. A single stray fix does not end a stay: GPS jumps."""
    policy = registry.policy
    fix = Fix(identity, at_us, position.lon, position.lat, position.accuracy_m, position.crs)
    moving = position.speed_mps is not None and position.speed_mps > policy.stop_speed_mps
    if stay is None or at_us - stay.last.at_us > policy.stop_max_gap_s * 1e6:
        return None if moving else Stay(fix, fix)
    if not moving and _is_near(stay.first, fix, policy.stop_radius_m):
        return stay._replace(last=fix, stray=None)
    if stay.stray is None:
        return stay._replace(stray=fix)
    return None if moving else Stay(fix, fix)


def _is_near(first: Fix, fix: Fix, radius_m: float) -> bool:
    apart_m = float(distance_m(first.lon, first.lat, fix.lon, fix.lat)[0])
    return apart_m <= radius_m + first.accuracy_m + fix.accuracy_m


def _receiver(context: ShipmentContext) -> str | None:
    dealer = context.registry.dealer_by_gln(context.shipment.to_gln, context.known_us)
    return dealer.dealer_id if dealer else None


def _allowed(at_us: int, context: ShipmentContext) -> AreaKey | None:
    """The areas of both ends together; None where the receiver has none to be outside of."""
    registry, known_us = context.registry, context.known_us
    window = Window(at_us, at_us, at_us)
    ends = [
        registry.dealer_by_gln(gln, known_us)
        for gln in (context.shipment.to_gln, context.shipment.from_gln)
    ]
    areas = [
        registry.authority.where(dealer.dealer_id, ANY_PRODUCT, window, known_us)
        if dealer else None
        for dealer in ends
    ]
    if areas[0] is None:
        return None
    return tuple(sorted({*areas[0], *(areas[1] or ())}))


def _is_planned(place: Place, context: ShipmentContext) -> bool:
    """Near a stop, an end of the route, or a site of the parties at both ends."""
    shipment, registry = context.shipment, context.registry
    margin_m = registry.policy.place_margin_m + place.accuracy_m
    planned = [(stop.lon, stop.lat, stop.radius_m) for stop in shipment.stops or ()]
    if shipment.route:
        planned += [(lon, lat, 0.0) for lon, lat in (shipment.route[0], shipment.route[-1])]
    for gln in (shipment.from_gln, shipment.to_gln):
        sites = registry.sites_of(gln, context.known_us)
        planned += [(site.lon, site.lat, 0.0) for site in sites]
    return any(
        float(distance_m(place.lon, place.lat, lon, lat)[0]) <= radius_m + margin_m
        for lon, lat, radius_m in planned
    )


def _answer(finding: Finding, place: Place, verdict: PlaceVerdict) -> Sequence[Finding]:
    if verdict.verdict != "outside":
        return ()
    territory = verdict.territory
    told = Finding(
        rule=finding.rule,
        subject=finding.subject,
        occurred_us=finding.occurred_us,
        strength=finding.strength * (1 - verdict.probability_inside),
        inputs=finding.inputs,
        facts={
            **finding.facts,
            "territory_id": territory.territory_id if territory else None,
            "probability_inside": verdict.probability_inside,
            "lon": round(place.lon, 4),
            "lat": round(place.lat, 4),
        },
        values={
            **finding.values,
            "where_en": territory.name if territory else "a place in no known territory",
            "where_zh": territory.name if territory else "不属于任何已知区域的地点",
        },
    )
    return (told,)
