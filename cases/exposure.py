"""What a case is about in money: items that are known, and how many there are beyond by estimate.

Of ``m`` items seen, where a share ``s`` of goods is ever read, there are ``m / s``. Variances of
the share and of the reading add up; the interval is that of a log-normal law with these moments.
"""

import math
from decimal import Decimal
from statistics import NormalDist
from typing import NamedTuple, Protocol

from cases.scanned import ShareRead
from registry import Policy, Registry
from registry.model import Money


class Counted(Protocol):
    """What is counted: known items by product, how many in all, and of how many units nobody knows
    what is in them; what is known of the share that is read, by product, where more are to be
    estimated; and how many there can be at most."""

    gtins: dict[str, int]
    shares: dict[str, ShareRead]

    @property
    def item_count(self) -> int:
        """How many items are known to belong to it."""

    @property
    def unknown_units(self) -> int:
        """Of how many logistic units the contents are unknown."""

    @property
    def most_items(self) -> int | None:
        """How many items it can be at most, where that is known."""


class Estimate(NamedTuple):
    """How many items there are, and what they are worth, each with an interval; from which share
    of goods that is ever read, known of how many origin cases, and whose."""

    items: int
    low: int
    high: int
    amount: str
    amount_low: str
    amount_high: str
    level: float
    share: float
    origins: int
    of_dealer: bool


class Exposure(NamedTuple):
    """Decimal amounts in one currency. ``amount`` is the estimate's, else that of the known items;
    ``basis`` says which, and at which value. ``without_value``: products that have none."""

    amount: str
    currency: str
    basis: str
    known_items: int
    known_amount: str
    unknown_units: int = 0
    without_value: tuple[str, ...] = ()
    estimate: Estimate | None = None


class _Worth(NamedTuple):
    """Known items of one product, and the value of one."""

    gtin: str
    items: float
    value: Decimal


def exposure_of(
    case: Counted, registry: Registry, known_us: int, policy: Policy
) -> Exposure | None:
    """Items at their unit value, or else at the floor price; None where no value is known.

    Values in another currency than most are left out, and named: nothing is converted.
    """
    if not case.item_count:
        return None
    counted = max(sum(case.gtins.values()), 1)
    # A product that is only named, with nothing counted of it, has its part of the items.
    each = Decimal(case.item_count) / counted
    by_currency: dict[str, list[_Worth]] = {}
    at_floor = False
    for gtin, number in sorted(case.gtins.items()):
        value, is_floor = _value(registry, gtin, known_us)
        if value is not None:
            one = _Worth(gtin, float(number * each), Decimal(value.amount))
            by_currency.setdefault(value.currency, []).append(one)
            at_floor = at_floor or is_floor
    if not by_currency:
        return None
    currency = min(by_currency, key=lambda name: (-_sum(by_currency[name]), name))
    worth = by_currency[currency]
    estimate = _estimate(case, worth, policy.exposure_level)
    basis = f"items-{'estimated' if estimate else 'known'}"
    return Exposure(
        amount=estimate.amount if estimate else _written(_sum(worth)),
        currency=currency,
        basis=f"{basis}-at-floor-price" if at_floor else basis,
        known_items=case.item_count,
        known_amount=_written(_sum(worth)),
        unknown_units=case.unknown_units,
        without_value=tuple(sorted(case.gtins.keys() - {valued.gtin for valued in worth})),
        estimate=estimate,
    )


def _sum(worth: list[_Worth]) -> Decimal:
    return sum((Decimal(str(one.items)) * one.value for one in worth), Decimal(0))


def _written(amount: Decimal | float) -> str:
    return f"{amount:.2f}"


def _value(registry: Registry, gtin: str, known_us: int) -> tuple[Money | None, bool]:
    """The value of one item, and whether that is only the floor price."""
    product = registry.product(gtin, known_us)
    if product is None:
        return None, False
    if product.unit_value is not None:
        return product.unit_value, False
    return product.floor_price, True


class _Interval(NamedTuple):
    """The most likely sum, and between what it lies."""

    middle: float
    low: float
    high: float

    def within(self, least: float, most: float) -> "_Interval":
        """No less than is known, no more than there can be."""
        return _Interval(*(max(min(number, most), least) for number in self))


def _estimate(case: Counted, worth: list[_Worth], level: float) -> Estimate | None:
    shares = [case.shares[one.gtin] for one in worth if one.gtin in case.shares]
    if not shares or len(shares) < len(worth):
        return None
    known = float(_sum(worth))
    ratio = math.inf if case.most_items is None else max(case.most_items / case.item_count, 1.0)
    items = _interval([(one.items, 1.0) for one in worth], shares, level)
    money = _interval([(one.items, float(one.value)) for one in worth], shares, level)
    items = items.within(case.item_count, ratio * case.item_count)
    money = money.within(known, ratio * known)
    return Estimate(
        items=round(items.middle),
        low=round(items.low),
        high=round(items.high),
        amount=_written(money.middle),
        amount_low=_written(money.low),
        amount_high=_written(money.high),
        level=level,
        share=shares[0].share,
        origins=sum(share.origins for share in shares),
        of_dealer=all(share.of_dealer for share in shares),
    )


def _interval(
    counted: list[tuple[float, float]], shares: list[ShareRead], level: float
) -> _Interval:
    """The sum of what was counted, each number with its value, over the share that is read."""
    mean = variance = 0.0
    for (number, value), share in zip(counted, shares, strict=True):
        mean += value * number * share.inverse
        spread = number * share.slack + number**2 * share.inverse_variance
        variance += value**2 * spread
    if mean <= 0:
        return _Interval(0.0, 0.0, 0.0)
    sigma = math.sqrt(math.log1p(variance / mean**2))
    middle = mean * math.exp(-(sigma**2) / 2)
    reach = math.exp(NormalDist().inv_cdf(0.5 + level / 2) * sigma)
    return _Interval(middle, middle / reach, middle * reach)


def tier_of(case: Counted, exposure: Exposure | None, policy: Policy) -> tuple[int, float]:
    """(tier, days until it is to be decided): by money where known, else by items."""
    if exposure is not None:
        size, steps = float(exposure.amount), (policy.tier_1_amount, policy.tier_2_amount)
    else:
        size, steps = float(case.item_count), (policy.tier_1_items, policy.tier_2_items)
    if size >= steps[0]:
        return 1, policy.tier_1_days
    if size >= steps[1]:
        return 2, policy.tier_2_days
    return 3, policy.tier_3_days
