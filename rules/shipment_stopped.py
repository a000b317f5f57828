"""A shipment that stands still for long where no stop was planned, wherever that is."""

from collections.abc import Sequence

from custody import Step
from rules.contents import goods, told_by
from rules.model import Finding
from rules.plan import is_planned, receiver_id
from rules.stay import Stay, follow
from rules.transport import ShipmentContext, ShipmentInput, shipment_subject


class ShipmentStopped:
    """Fires once a stay away from all planned places has lasted ``stop_min_s``, and once more when
    it has lasted ``stop_long_s``."""

    id = "shipment-stopped"
    initial: Stay | None = None

    def step(
        self, state: Stay | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Stay | None, Sequence[Finding]]:
        """The state is the stay under way."""
        if isinstance(event.event, Step):
            return state, ()
        policy = context.policy
        stay = follow(state, event.identity, event.at_us, event.event, policy)
        if stay is None:
            return None, ()
        due = (stay.seconds >= policy.stop_min_s) + (stay.seconds >= policy.stop_long_s)
        if due <= stay.told:
            return stay, ()
        told = stay._replace(told=due)
        if is_planned(stay.place, context):
            return told, ()
        levels = policy.strengths
        strength = levels.shipment_stopped_long if due > 1 else levels.shipment_stopped
        return told, (self._finding(stay, strength, context),)

    def _finding(self, stay: Stay, strength: float, context: ShipmentContext) -> Finding:
        return Finding(
            rule=self.id,
            subject=shipment_subject(context),
            occurred_us=stay.last.at_us,
            strength=strength,
            inputs=(stay.first.identity, stay.last.identity, *told_by(context.aboard)),
            facts={
                "dealer_id": receiver_id(context),
                **goods(context.aboard),
                "seconds": stay.seconds,
                "lon": round(stay.first.lon, 4),
                "lat": round(stay.first.lat, 4),
            },
            values={"minutes": f"{stay.seconds / 60:.0f}"},
        )
