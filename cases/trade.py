"""Orders and offers: an order out of all proportion, a price below the floor.

Each is judged when it is received, from what was received before; they concern nobody's item, so no
late news changes them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
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
    usual, most, deviation = _usual(trade, own, policy)
    taken = float(order.quantity)
    if usual is not None and _is_abnormal(order.quantity, usual, most, deviation, policy):
        # What is abnormal does not become usual at once.
        taken = min(taken, policy.order_factor * usual)
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
    own.append(taken)
    del own[:-REMEMBERED]


def _is_abnormal(
    quantity: int, usual: float, most: float, deviation: float, policy: Policy
) -> bool:
    if quantity <= max(policy.order_factor * usual, policy.order_over_largest * most):
        return False
    return math.log(quantity / usual) > policy.order_deviations * deviation


def _scatter(groups: Iterable[Sequence[float]]) -> float:
    """Standard deviation of the logarithm of a quantity within its group, robustly: from one to
    the next, since deviations from a median of few are too small."""
    steps = [
        abs(math.log(max(after, 1.0) / max(before, 1.0)))
        for quantities in groups
        for before, after in pairwise(quantities)
    ]
    return 1.4826 * median(steps) / math.sqrt(2) if steps else 0.0


def _usual(
    trade: Trade, own: list[float], policy: Policy
) -> tuple[float | None, float, float]:
    """(usual quantity, largest so far, deviation of an order's logarithm from it).

    The median of few is known the worse, the fewer there are (its variance is pi / 2n); before
    ``order_history`` of them, how much orders scatter has to be known from many dealers. A first
    order is never abnormal: dealers differ by orders of magnitude.
    """
    ordered = [quantities for quantities in trade.ordered.values() if len(quantities) > 1]
    is_known = len(own) >= policy.order_history or len(ordered) >= 2 * policy.order_history
    if not own or not is_known:
        return None, 0.0, 0.0
    deviation = _scatter(ordered) * math.sqrt(1 + math.pi / 2 / len(own))
    return max(median(own), 1.0), max(own), deviation


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
