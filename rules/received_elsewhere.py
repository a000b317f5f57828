"""Goods received by another dealer than they were shipped to, of which no shipment's row tells:
whom they were meant for is what the shipping event says."""

from collections.abc import Sequence

from msgspec import Struct

from custody import Custody, Step
from custody.fold import RECEIPTS
from custody.trail import Touch
from events.identity import Identity
from events.timed import Timed
from registry import Registry
from registry.model import Dealer
from rules.handling import HandlingContext, handled_subject
from rules.model import Finding
from rules.plan import dealer_at
from rules.received_by_wrong_dealer import RULE, taker_of, wrong_receipt


class Headed(Struct, frozen=True, array_like=True):
    """The shipping event that last bore on the thing."""

    shipped_by: Identity | None = None


class ReceivedElsewhere:
    """Fires on the receipt that names the thing itself while it is under way to another dealer.

    What a shipment's row speaks of is judged there. Where the goods come from the dealer they were
    meant for, or the receipt names that one as owner, nobody is accused: they were sold on, or are
    kept for it.
    """

    id = RULE
    initial = Headed()

    def step(
        self, state: Headed, event: Timed[Touch], *, context: HandlingContext
    ) -> tuple[Headed, Sequence[Finding]]:
        """Reads custody as it stood before the event."""
        step = event.event.step
        if not context.bears:
            return state, ()
        if step.biz_step == "shipping":
            return Headed(step.identity), ()
        if step.biz_step not in RECEIPTS or context.role != "self":
            return state, ()
        return state, self._receipt(step, state.shipped_by, context)

    def _receipt(
        self, step: Step, shipped_by: Identity | None, context: HandlingContext
    ) -> Sequence[Finding]:
        registry, known_us = context.registry, context.known_us
        meant, taker = _meant(context.custody, registry, known_us), None
        if meant is not None and shipped_by is not None and not _has_row(context):
            taker = taker_of(step, registry, known_us)
        if meant is None or taker is None or taker.dealer_id == meant.dealer_id:
            return ()
        parties = (step.from_holder, step.from_owner, step.to_owner)
        named = [dealer_at(gln, registry, known_us) for gln in parties]
        if any(dealer is not None and dealer.dealer_id == meant.dealer_id for dealer in named):
            return ()
        return (
            wrong_receipt(
                step,
                handled_subject(context.epc),
                meant,
                taker,
                (registry, known_us),
                contents=context.contents,
                because=(shipped_by,) if shipped_by else (),
            ),
        )


def _meant(custody: Custody, registry: Registry, known_us: int) -> Dealer | None:
    """The dealer to whom the thing is under way."""
    owner = dealer_at(custody.heading_owner, registry, known_us)
    return owner or dealer_at(custody.heading_holder, registry, known_us)


def _has_row(context: HandlingContext) -> bool:
    registry = context.registry
    return any(
        registry.shipment(shipment_id, context.known_us) is not None
        for shipment_id in registry.shipments_of_unit(context.epc)
    )
