"""A truck that leaves the corridor around its planned route and keeps away from it."""

from collections.abc import Sequence
from typing import NamedTuple

from custody import Step
from events.model import Position
from registry import Policy
from registry.places import on_wgs84
from rules.contents import goods, told_by
from rules.model import Finding
from rules.plan import receiver_id, route_of
from rules.transport import ShipmentContext, ShipmentInput, shipment_subject


class Stray(NamedTuple):
    """Fixes off the corridor, one after another: the first, how many, how far; whether told."""

    identity: str
    at_us: int
    fixes: int
    farthest_m: float
    told: int = 0


class ShipmentOffCorridor:
    """Fires where fix after fix lies off the corridor for ``corridor_min_s``, and once more where
    it is far and for long. A single fix far away is an error of GPS. Without a route there is
    nothing to leave."""

    id = "shipment-off-corridor"
    initial: Stray | None = None

    def step(
        self, state: Stray | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Stray | None, Sequence[Finding]]:
        """The state is the way off the corridor, None on it."""
        if isinstance(event.event, Step) or not context.shipment.route:
            return state, ()
        position, policy = event.event, context.policy
        beyond_m = _beyond_m(position, context)
        if beyond_m <= policy.corridor_margin_m:
            return None, ()
        if state is None:
            return Stray(event.identity, event.at_us, 1, beyond_m), ()
        stray = state._replace(
            fixes=state.fixes + 1, farthest_m=max(state.farthest_m, beyond_m)
        )
        seconds = (event.at_us - stray.at_us) / 1e6
        due = _is_far(stray.farthest_m, seconds, policy) + (seconds >= policy.corridor_min_s)
        if stray.fixes < policy.corridor_fixes or due <= stray.told:
            return stray, ()
        return stray._replace(told=due), (self._finding(stray, event, seconds, context),)

    def _finding(
        self, stray: Stray, event: ShipmentInput, seconds: float, context: ShipmentContext
    ) -> Finding:
        position = event.event
        assert isinstance(position, Position)
        territory = context.registry.smallest_territory(
            position.lon, position.lat, position.crs, event.at_us, context.known_us
        )
        strengths = context.policy.strengths
        return Finding(
            rule=self.id,
            subject=shipment_subject(context),
            occurred_us=event.at_us,
            strength=(
                strengths.shipment_off_corridor_far
                if _is_far(stray.farthest_m, seconds, context.policy)
                else strengths.shipment_off_corridor
            ),
            inputs=(stray.identity, event.identity, *told_by(context.aboard)),
            facts={
                "dealer_id": receiver_id(context),
                **goods(context.aboard),
                "territory_id": territory.territory_id if territory else None,
                "beyond_m": stray.farthest_m,
                "seconds": seconds,
                "lon": round(position.lon, 4),
                "lat": round(position.lat, 4),
            },
            values={
                "km": f"{stray.farthest_m / 1000:.1f}",
                "minutes": f"{seconds / 60:.0f}",
            },
        )


def _is_far(farthest_m: float, seconds: float, policy: Policy) -> bool:
    """Whether no closed road leads so far away for so long."""
    return farthest_m >= policy.corridor_far_m and seconds >= policy.corridor_far_s


def _beyond_m(position: Position, context: ShipmentContext) -> float:
    """How far beyond the corridor the fix surely lies: its accuracy, twice, is its own. Within the
    margin, where nobody asks how far, it is a bound from above."""
    shipment, policy = context.shipment, context.policy
    corridor_m = policy.corridor_m if shipment.corridor_m is None else shipment.corridor_m
    lon, lat = on_wgs84(position.lon, position.lat, position.crs)
    route = route_of(tuple(shipment.route or ()))
    allowed_m = corridor_m + 2 * position.accuracy_m
    # Nearly every fix is on the corridor, which a bound from above tells at a fraction of the cost.
    enough_m = allowed_m + policy.corridor_margin_m
    bound_m = route.at_most_m(lon, lat, enough_m) - allowed_m
    if bound_m <= policy.corridor_margin_m:
        return bound_m
    return float(route.distance_m(lon, lat)[0]) - allowed_m
