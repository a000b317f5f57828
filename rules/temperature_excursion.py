"""Goods that were too warm or too cold on their way for longer than a door stands open."""

from collections.abc import Sequence
from typing import NamedTuple

from custody import Step
from rules.contents import goods, told_by
from rules.model import Finding
from rules.plan import receiver_id
from rules.transport import ShipmentContext, ShipmentInput, shipment_subject


class Excursion(NamedTuple):
    """Readings outside the range, one after another: the first, how many, the worst; how often
    it was told."""

    identity: str
    at_us: int
    readings: int
    worst_c: float
    beyond_c: float
    told: int = 0


class TemperatureExcursion:
    """Fires where reading after reading lies outside the shipment's storage temperature for
    ``excursion_min_s``, and once more after twice that. One reading within ends it."""

    id = "temperature-excursion"
    initial: Excursion | None = None

    def step(
        self, state: Excursion | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Excursion | None, Sequence[Finding]]:
        """The state is the excursion under way."""
        storage = context.shipment.storage_c
        if isinstance(event.event, Step) or storage is None or event.event.temperature_c is None:
            return state, ()
        policy, reading_c = context.policy, event.event.temperature_c
        beyond_c = max(reading_c - storage.max, storage.min - reading_c)
        if beyond_c <= policy.excursion_margin_c:
            return None, ()
        if state is None:
            return Excursion(event.identity, event.at_us, 1, reading_c, beyond_c), ()
        now = state._replace(readings=state.readings + 1)
        if beyond_c > now.beyond_c:
            now = now._replace(worst_c=reading_c, beyond_c=beyond_c)
        seconds = (event.at_us - now.at_us) / 1e6
        due = (seconds >= policy.excursion_min_s) + (
            seconds >= policy.excursion_long_factor * policy.excursion_min_s
        )
        if now.readings < policy.excursion_fixes or due <= now.told:
            return now, ()
        return now._replace(told=due), (self._finding(now, event, seconds, due, context),)

    def _finding(
        self,
        now: Excursion,
        event: ShipmentInput,
        seconds: float,
        due: int,
        context: ShipmentContext,
    ) -> Finding:
        levels = context.policy.strengths
        return Finding(
            rule=self.id,
            subject=shipment_subject(context),
            occurred_us=event.at_us,
            strength=levels.temperature_excursion_long if due > 1 else levels.temperature_excursion,
            inputs=(now.identity, event.identity, *told_by(context.aboard)),
            facts={
                "dealer_id": receiver_id(context),
                **goods(context.aboard),
                "worst_c": now.worst_c,
                "beyond_c": now.beyond_c,
                "seconds": seconds,
            },
            values={
                "worst": f"{now.worst_c:.1f}",
                "minutes": f"{seconds / 60:.0f}",
            },
        )
