"""What a case is about in money, its tier, and until when it is to be decided."""

from decimal import Decimal
from typing import NamedTuple, Protocol

from registry import Policy, Registry
from registry.model import Money


class Counted(Protocol):
    """What is counted: how many items of which product are known, and how many in all."""

    gtins: dict[str, int]

    @property
    def item_count(self) -> int:
        """How many items are known to belong to it."""


class Exposure(NamedTuple):
    """A decimal amount; ``basis`` says what was counted and at which value."""

    amount: str
    currency: str
    basis: str


def exposure_of(case: Counted, registry: Registry, known_us: int) -> Exposure | None:
    """Known items at their unit value, or else at the floor price; None where neither is known.

    Values in another currency than most are left out: nothing is converted.
    """
    sums: dict[str, Decimal] = {}
    bases: set[str] = set()
    counted = sum(case.gtins.values())
    for gtin, number in sorted(case.gtins.items()):
        value, basis = _value(registry, gtin, known_us)
        if value is None:
            continue
        # What is known of a shipment is its cases: their items are spread over its products.
        units = Decimal(number) * max(case.item_count, 1) / max(counted, 1)
        sums[value.currency] = sums.get(value.currency, Decimal(0)) + units * Decimal(value.amount)
        bases.add(basis)
    if not sums:
        return None
    currency = min(sums, key=lambda name: (-sums[name], name))
    basis = "items-known" if bases == {"unit_value"} else "items-known-at-floor-price"
    return Exposure(f"{sums[currency]:.2f}", currency, basis)


def _value(registry: Registry, gtin: str, known_us: int) -> tuple[Money | None, str]:
    product = registry.product(gtin, known_us)
    if product is None:
        return None, ""
    if product.unit_value is not None:
        return product.unit_value, "unit_value"
    return product.floor_price, "floor_price"


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
