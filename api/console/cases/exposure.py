"""What a case is about in money, in words: what is known, what is estimated, what nobody knows."""

from typing import Any

from api.console.lines import product_name
from api.wording import Wording
from registry.book import Registry


def money(exposure: dict[str, Any] | None) -> str | None:
    """``1,200.00 CNY``; with a sign before it where it is an estimate."""
    if not exposure:
        return None
    sign = "≈ " if exposure["basis"].startswith("items-estimated") else ""
    return sign + _amount(exposure["amount"], exposure["currency"])


def money_range(exposure: dict[str, Any] | None) -> tuple[str, str]:
    """Between what an estimate lies, as decimals; empty where there is none."""
    found = (exposure or {}).get("estimated")
    return (found["amount_low"], found["amount_high"]) if found else ("", "")


def exposure_words(body: dict[str, Any], registry: Registry, w: Wording) -> list[str]:
    """Sentences, from a case's body: known items, the estimate and its interval, what has no value.
    """
    found = body.get("exposure") or {}
    items = body.get("items", 0)
    lines = []
    if "known" in found:
        known, at = found["known"], _amount(found["known"]["amount"], found["currency"])
        floor = found["basis"].endswith("-at-floor-price")
        name = "exposure_at_floor" if floor else "exposure_known"
        lines.append(w(name, amount=at, items=_items(known["items"], w)))
    elif items:
        lines.append(w("exposure_items", items=_items(items, w)))
    if "estimated" in found:
        lines.append(_estimated(found["estimated"], found["currency"], w))
    if "unknown_units" in found:
        lines.append(w("exposure_units", number=found["unknown_units"]))
    without = found.get("without_value", []) if found else body.get("gtins", []) if items else []
    if without:
        names = w("list_joint").join(product_name(registry, gtin) for gtin in without[:5])
        lines.append(w("exposure_without", products=names))
    return lines


def _estimated(found: dict[str, Any], currency: str, w: Wording) -> str:
    return w(
        "exposure_estimated" if found["of_dealer"] else "exposure_estimated_of_all",
        low=f"{found['low']:,}",
        high=f"{found['high']:,}",
        amount_low=_amount(found["amount_low"], currency),
        amount_high=_amount(found["amount_high"], currency),
        level=round(found["level"] * 100),
        share=round(found["share"] * 100),
        origins=found["origins"],
    )


def _items(number: int, w: Wording) -> str:
    return w("known_item") if number == 1 else w("known_items", number=f"{number:,}")


def _amount(amount: str, currency: str) -> str:
    return f"{float(amount):,.2f} {currency}"
