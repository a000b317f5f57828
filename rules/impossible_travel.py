"""One code read at two places between which no item can have travelled: a copy is about."""

from collections.abc import Sequence

from msgspec import Struct

from geo.geodesic import between_m
from registry import Policy
from rules.item import OURS, Concern, ItemContext, ItemScan, item_subject, radius_95_m
from rules.model import Finding
from rules.places_seen import at_most_m, rough_m


class Fix(Struct, frozen=True, array_like=True, gc=False):
    """Where and when the item was last read well enough."""

    identity: str
    at_us: int
    lon: float
    lat: float
    radius_m: float
    received_us: int


class ImpossibleTravel:
    """Fires where the distance between two consecutive fixes, less both 95 % radii, needs a speed
    that no traveller has, even if both clocks are off. IP locations say nothing of travel."""

    id = "impossible-travel"
    concerns: Concern = "placed"
    initial: Fix | None = None

    def step(
        self, state: Fix | None, event: ItemScan, *, context: ItemContext
    ) -> tuple[Fix | None, Sequence[Finding]]:
        """The state is the last fix that could be trusted."""
        fix = _fix(event, context)
        if fix is None:
            return state, ()
        if state is None:
            return fix, ()
        return fix, self._compare(state, fix, event, context)

    def _compare(
        self, before: Fix, fix: Fix, event: ItemScan, context: ItemContext
    ) -> Sequence[Finding]:
        policy = context.policy
        seconds = (fix.at_us - before.at_us) / 1e6
        reach_m = policy.travel_speed_mps * (seconds + policy.travel_clock_s)
        slack_m = before.radius_m + fix.radius_m
        least_m = max(reach_m, policy.travel_min_m) + slack_m
        here, there = (before.lon, before.lat), (fix.lon, fix.lat)
        if at_most_m(here, there) < 0.99 * least_m or rough_m(here, there) < 0.99 * least_m:
            return ()
        apart_m = between_m(before.lon, before.lat, fix.lon, fix.lat)
        if apart_m <= least_m:
            return ()
        finding = Finding(
            rule=self.id,
            subject=item_subject(event.event),
            occurred_us=event.at_us,
            strength=min(0.99, 1 - 0.5 * reach_m / (apart_m - slack_m)),
            inputs=(before.identity, event.identity),
            facts={
                "distance_m": apart_m,
                "seconds": seconds,
                "radii_m": slack_m,
                "gtin": event.event.gtin,
                "origin": context.origin,
                "holds_by_arrival": _holds_by_arrival(before, fix, apart_m - slack_m, policy),
            },
            values={"km": f"{apart_m / 1000:.0f}", "minutes": f"{seconds / 60:.0f}"},
        )
        return (finding,)


def _holds_by_arrival(before: Fix, fix: Fix, apart_m: float, policy: Policy) -> bool:
    """Whether travel is impossible even if either read was made when it was received: clocks of
    phones are wrong by days, and only the service's own is not."""
    later_us = max(fix.received_us - before.at_us, before.received_us - fix.at_us)
    seconds = max(later_us / 1e6, 0.0) + policy.travel_clock_s
    return apart_m > policy.travel_speed_mps * seconds


def _fix(event: ItemScan, context: ItemContext) -> Fix | None:
    scan, place = event.event, event.event.location
    if place is None or place.source == "ip" or scan.signature not in OURS:
        return None
    radius_m = radius_95_m(place)
    if radius_m > context.policy.travel_max_accuracy_m:
        return None
    return Fix(event.identity, event.at_us, place.lon, place.lat, radius_m, event.received_us)
