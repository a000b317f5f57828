"""What a case may estimate: of which of its goods only a share is ever read."""

from cases.case import Case
from cases.scanned import Scanned
from registry import Policy, Registry

COUNTED_WHOLE = frozenset(["received-by-wrong-dealer"])
"""What packing events put into it is all that there is."""


def learn(case: Case, scanned: Scanned, registry: Registry, policy: Policy, known_us: int) -> None:
    """Let a case know which share of its goods is ever read, as of the last midnight.

    Goods that leak, and what is printed with forged codes, are known by reads alone. Of forged
    codes nobody knows a dealer; they are taken to be read as often as the product itself.
    """
    if not _is_known_by_reads(case):
        return
    if case.shares_day == scanned.day and case.shares.keys() >= case.gtins.keys():
        return
    case.shares_day, case.shares = scanned.day, {}
    case.most_items = None
    for gtin in case.gtins:
        product = registry.product(gtin, known_us)
        size = product.case_size if product else None
        if size is None:
            continue
        share = scanned.share(case.dealer_id, gtin, size, policy.exposure_origins)
        if share is not None:
            case.shares[gtin] = share
        case.most_items = _most(case, size)


def _is_known_by_reads(case: Case) -> bool:
    if case.kind == "diversion":
        return case.key[1] not in COUNTED_WHOLE
    return case.kind == "clone" and case.key[0] == "forged"


def _most(case: Case, size: int) -> int | None:
    """No more than the origin cases that surfaced, where nothing else shows a leak."""
    if case.kind != "diversion" or "evidence" in case.facts:
        return None
    origins = sum(rule == "case-surfaced" for rule, _, _ in case.alerts)
    return max(origins * size, case.item_count)
