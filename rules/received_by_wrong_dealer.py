"""Goods received by another dealer than the one they were shipped to."""

from collections.abc import Mapping, Sequence
from typing import Any

from custody import Step
from custody.fold import RECEIPTS
from events.identity import Identity
from registry import Registry
from registry.model import Dealer
from rules.contents import Contents, goods, gtin_of, told_by
from rules.model import Finding, Subject
from rules.plan import dealer_at, receiver
from rules.transport import ShipmentContext, ShipmentInput, shipment_subject

RULE = "received-by-wrong-dealer"


class ReceivedByWrongDealer:
    """Fires on the first receipt of a shipment's units where another dealer runs the site, or,
    where no such site is known, where the event names another dealer as receiving. Own sites,
    carriers and unknown parties receive for somebody: they accuse nobody."""

    id = RULE
    initial = None

    def step(
        self, state: None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[None, Sequence[Finding]]:
        """Only receipts matter."""
        step = event.event
        if not isinstance(step, Step) or step.biz_step not in RECEIPTS:
            return None, ()
        registry, known_us = context.registry, context.known_us
        meant, taker = receiver(context), taker_of(step, registry, known_us)
        if meant is None or taker is None or taker.dealer_id == meant.dealer_id:
            return None, ()
        finding = wrong_receipt(
            step,
            shipment_subject(context),
            meant,
            taker,
            (registry, known_us),
            contents=context.within(context.named),
            because=(),
        )
        finding.facts["shipment_id"] = context.shipment.shipment_id
        return None, (finding,)


def wrong_receipt(
    step: Step,
    subject: Subject,
    meant: Dealer,
    taker: Dealer,
    known: tuple[Registry, int],
    *,
    contents: Mapping[str, Contents],
    because: tuple[Identity, ...],
) -> Finding:
    """What is said of a receipt by somebody else. ``known``: the registry, and as known when;
    ``contents``: what is in the units that came; ``because``: what told whom they were meant for.
    """
    registry, known_us = known
    is_family = _top(meant, registry, known_us) == _top(taker, registry, known_us)
    levels = registry.policy(known_us).strengths
    facts: dict[str, Any] = {
        "dealer_id": meant.dealer_id,
        "received_by": taker.dealer_id,
        "territory_id": _territory(step, taker, registry, known_us),
        "site_gln": step.site_gln,
    }
    if (gtin := gtin_of(subject.id)) is not None:
        facts["gtin"] = gtin
    return Finding(
        rule=RULE,
        subject=subject,
        occurred_us=step.at_us,
        strength=levels.received_within_family if is_family else levels.received_by_wrong_dealer,
        inputs=(step.identity, *because, *told_by(contents)),
        facts=facts | goods(contents),
        values={"meant": meant.name, "taker": taker.name},
    )


def taker_of(step: Step, registry: Registry, known_us: int) -> Dealer | None:
    """The dealer who received the goods: the one whose site it is; where nobody tells whose it
    is, the one that the event names."""
    site = registry.site(step.site_gln, known_us) if step.site_gln else None
    if site is not None or registry.is_own(step.site_gln):
        return dealer_at(step.site_gln, registry, known_us)
    return dealer_at(step.to_holder or step.to_owner, registry, known_us)


def _top(dealer: Dealer, registry: Registry, known_us: int) -> str:
    """The dealer at the head of its family; a circle of parents ends where it closes."""
    seen = {dealer.dealer_id}
    while dealer.parent_id is not None and dealer.parent_id not in seen:
        seen.add(dealer.parent_id)
        parent = registry.dealer(dealer.parent_id, known_us)
        if parent is None:
            break
        dealer = parent
    return dealer.dealer_id


def _territory(step: Step, taker: Dealer, registry: Registry, known_us: int) -> str | None:
    """The smallest territory that holds the site; where its place is unknown, the largest of those
    in which the taker may sell."""
    site = registry.site(step.site_gln, known_us) if step.site_gln else None
    if site is None:
        return registry.largest_territory_of(taker.dealer_id, step.at_us, known_us)
    territory = registry.smallest_territory(site.lon, site.lat, "wgs84", step.at_us, known_us)
    return territory.territory_id if territory else None
