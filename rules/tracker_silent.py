"""A tracker that says nothing for longer than the way between its two fixes takes."""

from collections.abc import Sequence

from custody import Step
from custody.fold import RECEIPTS
from geo.geodesic import between_m
from rules.contents import goods, told_by
from rules.model import Finding, Subject
from rules.plan import is_planned, receiver_id
from rules.stay import Fix, Stay, fix_of
from rules.transport import ShipmentContext, ShipmentInput


class TrackerSilent:
    """Fires on the fix, or the receipt, that ends a silence of which driving leaves
    ``silence_min_s`` unexplained. Tunnels and dead zones end about where and when they should."""

    id = "tracker-silent"
    initial: Fix | None = None

    def step(
        self, state: Fix | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Fix | None, Sequence[Finding]]:
        """The state is the last fix."""
        if isinstance(event.event, Step):
            return state, self._received(state, event.event, context)
        fix = fix_of(event.identity, event.at_us, event.event)
        if state is None:
            return fix, ()
        apart_m = between_m(state.lon, state.lat, fix.lon, fix.lat)
        return fix, self._silence(state, fix.identity, fix.at_us, apart_m, 0.0, context)

    def _received(
        self, last: Fix | None, step: Step, context: ShipmentContext
    ) -> Sequence[Finding]:
        route = context.shipment.route
        if last is None or step.biz_step not in RECEIPTS or not route:
            return ()
        apart_m = between_m(last.lon, last.lat, route[-1][0], route[-1][1])
        handling_s = context.policy.silence_handling_s
        return self._silence(last, step.identity, step.at_us, apart_m, handling_s, context)

    def _silence(
        self,
        last: Fix,
        identity: str,
        at_us: int,
        apart_m: float,
        handling_s: float,
        context: ShipmentContext,
    ) -> Sequence[Finding]:
        policy, levels = context.policy, context.policy.strengths
        silent_s = (at_us - last.at_us) / 1e6
        unexplained_s = silent_s - apart_m / policy.silence_speed_mps - handling_s
        if unexplained_s < policy.silence_min_s:
            return ()
        if is_planned(Stay(last, last).place, context, more_m=policy.silence_at_rest_m):
            return ()
        is_long = unexplained_s >= policy.silence_long_s and handling_s == 0.0
        territory = context.registry.smallest_territory(
            last.lon, last.lat, last.crs, last.at_us, context.known_us
        )
        finding = Finding(
            rule=self.id,
            subject=Subject("shipment", context.shipment.shipment_id),
            occurred_us=at_us,
            strength=levels.tracker_silent_long if is_long else levels.tracker_silent,
            inputs=(last.identity, identity, *told_by(context.aboard)),
            facts={
                "dealer_id": receiver_id(context),
                **goods(context.aboard),
                "territory_id": territory.territory_id if territory else None,
                "silent_s": silent_s,
                "unexplained_s": unexplained_s,
                "lon": round(last.lon, 4),
                "lat": round(last.lat, 4),
            },
            values={
                "minutes": f"{silent_s / 60:.0f}",
                "unexplained": f"{unexplained_s / 60:.0f}",
            },
        )
        return (finding,)
