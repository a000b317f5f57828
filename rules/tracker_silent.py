"""A tracker that says nothing for longer than driving explains: to its next fix, to the receipt, or
until now."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from custody import Step
from custody.fold import RECEIPTS
from events.identity import Identity
from events.timed import Timed
from geo.geodesic import between_m
from rules.contents import goods, told_by
from rules.model import Finding, Subject
from rules.plan import is_planned, receiver_id
from rules.stay import Fix, Stay, believed, fix_of
from rules.transport import ShipmentContext, ShipmentInput


class Overdue(Struct, frozen=True, gc=False):
    """Time has passed and no fix followed the one named; whether for long."""

    fix: Identity
    is_long: bool


class _Silence(NamedTuple):
    """How long it was, what driving leaves unexplained of it, and whether that is grave."""

    at_us: int
    silent_s: float
    unexplained_s: float
    is_long: bool


class TrackerSilent:
    """Fires on the fix, or the receipt, that ends a silence of which driving leaves
    ``silence_min_s`` unexplained, and on one that goes on when its time has come. Tunnels and dead
    zones end about where and when they should."""

    id = "tracker-silent"
    initial: Fix | None = None

    def step(
        self, state: Fix | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Fix | None, Sequence[Finding]]:
        """The state is the last fix, at the last place that the truck can have been at."""
        if isinstance(event.event, Step):
            return state, self._received(state, event.event, context)
        fix = fix_of(event.identity, event.at_us, event.event)
        if state is None:
            return fix, ()
        fix = believed(state, fix, context.policy)
        silence = _between(state, fix, context)
        return fix, self._told(state, silence, (fix.identity,), context)

    def overdue(
        self, state: Fix | None, event: Timed[Overdue], *, context: ShipmentContext
    ) -> Sequence[Finding]:
        """What is said when time has passed; nothing, if another fix had come."""
        if state is None or state.identity != event.event.fix:
            return ()
        silent_s, is_long = (event.at_us - state.at_us) / 1e6, event.event.is_long
        policy = context.policy
        unexplained_s = policy.silence_long_s if is_long else policy.silence_min_s
        silence = _Silence(event.at_us, silent_s, unexplained_s, is_long)
        return self._told(state, silence, (event.identity,), context, lasts=True)

    def _received(
        self, last: Fix | None, step: Step, context: ShipmentContext
    ) -> Sequence[Finding]:
        way_s = None if last is None else _way_s(last, context)
        if last is None or way_s is None or step.biz_step not in RECEIPTS:
            return ()
        silent_s = (step.at_us - last.at_us) / 1e6
        unexplained_s = silent_s - way_s - context.policy.silence_handling_s
        silence = _Silence(step.at_us, silent_s, unexplained_s, is_long=False)
        return self._told(last, silence, (step.identity,), context)

    def _told(
        self, last: Fix, silence: _Silence, ended_by: tuple[Identity, ...],
        context: ShipmentContext, *, lasts: bool = False,
    ) -> Sequence[Finding]:  # fmt: skip
        policy, levels = context.policy, context.policy.strengths
        if silence.unexplained_s < policy.silence_min_s:
            return ()
        if is_planned(Stay(last, last).place, context, more_m=policy.silence_at_rest_m):
            return ()
        finding = Finding(
            rule=self.id,
            subject=Subject("shipment", context.shipment.shipment_id),
            occurred_us=silence.at_us,
            strength=levels.tracker_silent_long if silence.is_long else levels.tracker_silent,
            inputs=(last.identity, *ended_by, *told_by(context.aboard)),
            facts=_facts(last, silence, context) | ({"lasts": True} if lasts else {}),
            values={
                "minutes": f"{silence.silent_s / 60:.0f}",
                "unexplained": f"{silence.unexplained_s / 60:.0f}",
            },
        )
        return (finding,)


def _facts(last: Fix, silence: _Silence, context: ShipmentContext) -> dict[str, Any]:
    territory = context.registry.smallest_territory(
        last.lon, last.lat, last.crs, last.at_us, context.known_us
    )
    return {
        "dealer_id": receiver_id(context),
        **goods(context.aboard),
        "territory_id": territory.territory_id if territory else None,
        "silent_s": silence.silent_s,
        "unexplained_s": silence.unexplained_s,
        "lon": round(last.lon, 4),
        "lat": round(last.lat, 4),
    }


def _between(last: Fix, fix: Fix, context: ShipmentContext) -> _Silence:
    policy = context.policy
    silent_s = (fix.at_us - last.at_us) / 1e6
    apart_m = between_m(last.lon, last.lat, fix.lon, fix.lat)
    unexplained_s = silent_s - apart_m / policy.silence_speed_mps
    return _Silence(fix.at_us, silent_s, unexplained_s, unexplained_s >= policy.silence_long_s)


def _way_s(last: Fix, context: ShipmentContext) -> float | None:
    """How long the way to the end of the route takes; None where there is no route."""
    route = context.shipment.route
    if not route:
        return None
    apart_m = between_m(last.lon, last.lat, route[-1][0], route[-1][1])
    return apart_m / context.policy.silence_speed_mps


def overdue_after_s(last: Fix, context: ShipmentContext) -> tuple[float, float] | None:
    """How long after a fix a silence is told of while it goes on, and told of as a long one: when
    neither a fix on the way that is left nor a receipt could explain it any more. None without a
    route."""
    way_s, policy = _way_s(last, context), context.policy
    if way_s is None:
        return None
    explained_s = way_s + policy.silence_handling_s
    long_s = max(policy.silence_long_s, policy.silence_min_s)
    return explained_s + policy.silence_min_s, explained_s + long_s
