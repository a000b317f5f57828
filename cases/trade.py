"""Orders and offers: an order out of all proportion, a price below the floor.

Each is judged when it is received, from what was received before; they concern nobody's item, so no
late news changes them.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from statistics import median

from msgspec import Struct, field

from cases.judgement import Judgement
from events.model import Offer, Order
from events.timed import microseconds
from registry import Policy, Registry
from rules.model import Finding, Subject

REMEMBERED = 12


class Trade(Struct):
    """The last quantities that each dealer ordered of each product."""

    ordered: dict[tuple[str, str], list[float]] = field(default_factory=dict)


def judge_trade(
    trade: Trade, judged: Judgement, event: Order | Offer, registry: Registry
) -> Iterator[Finding]:
    """What is to be said of an order or an offer."""
    if isinstance(event, Order):
        yield from _order(trade, judged, event, registry.policy(judged.known_us))
    else:
        yield from _offer(judged, event, registry)


def _order(
    trade: Trade, judged: Judgement, order: Order, policy: Policy
) -> Iterator[Finding]:
    own = trade.ordered.setdefault((order.dealer_id, order.gtin), [])
    usual, most = _usual(trade, order, own, policy)
    if usual is not None and _is_abnormal(trade, order.quantity, usual, most, policy):
        factor = order.quantity / usual
        yield Finding(
            rule="order-abnormal",
            subject=Subject("dealer", order.dealer_id),
            occurred_us=microseconds(order.ordered_at),
            strength=min(0.99, 1.0 - 0.5 / factor),
            inputs=(judged.identity,),
            facts={
                "dealer_id": order.dealer_id,
                "gtin": order.gtin,
                "quantity": order.quantity,
                "usual": usual,
                "factor": factor,
            },
            values={
                "quantity": str(order.quantity),
                "gtin": order.gtin,
                "factor": f"{factor:.0f}",
                "usual": f"{usual:.0f}",
            },
        )
    # What is abnormal does not become usual at once.
    own.append(min(float(order.quantity), policy.order_factor * usual) if usual
               else float(order.quantity))
    del own[:-REMEMBERED]


def _is_abnormal(
    trade: Trade, quantity: int, usual: float, most: float, policy: Policy
) -> bool:
    if quantity <= max(policy.order_factor * usual, policy.order_over_largest * most):
        return False
    return math.log(quantity / usual) > policy.order_deviations * _scatter(trade)


def _scatter(trade: Trade) -> float:
    """Standard deviation of the logarithm of an order about its dealer's usual one, robustly: the
    median absolute deviation of all remembered orders, times 1.4826."""
    off = [
        abs(math.log(max(quantity, 1.0) / middle))
        for quantities in trade.ordered.values()
        if len(quantities) > 2
        for middle in [max(median(quantities), 1.0)]
        for quantity in quantities
    ]
    return 1.4826 * median(off) if off else 0.0


def _usual(
    trade: Trade, order: Order, own: list[float], policy: Policy
) -> tuple[float | None, float]:
    """(usual quantity, largest so far) of the dealer's orders for the product; where they are too
    few, of all dealers' orders for it, if those are many."""
    if len(own) >= policy.order_history:
        return max(median(own), 1.0), max(own)
    others = [
        quantity
        for (_, gtin), quantities in sorted(trade.ordered.items())
        if gtin == order.gtin
        for quantity in quantities
    ]
    if len(others) >= 2 * policy.order_history:
        return max(median(others), 1.0), max(others)
    return None, 0.0


def _offer(judged: Judgement, offer: Offer, registry: Registry) -> Iterator[Finding]:
    known_us = judged.known_us
    product = registry.product(offer.gtin, known_us)
    floor = product.floor_price if product else None
    if floor is None or floor.currency != offer.currency or Decimal(floor.amount) <= 0:
        return
    below = 1.0 - float(Decimal(offer.amount) / Decimal(floor.amount))
    policy = registry.policy(known_us)
    if below <= policy.price_tolerance:
        return
    levels, is_far = policy.strengths, below >= policy.price_far_below
    yield Finding(
        rule="price-below-floor",
        subject=Subject("product", offer.gtin),
        occurred_us=microseconds(offer.seen_at),
        strength=levels.price_far_below_floor if is_far else levels.price_below_floor,
        inputs=(judged.identity,),
        facts={
            "dealer_id": offer.dealer_id,
            "seller": offer.seller,
            "gtin": offer.gtin,
            "amount": offer.amount,
            "currency": offer.currency,
            "below": below,
        },
        values={
            "seller": offer.seller,
            "gtin": offer.gtin,
            "amount": f"{offer.amount} {offer.currency}",
            "floor": f"{floor.amount} {floor.currency}",
            "percent": f"{below * 100:.0f}",
        },
    )
