"""Permits of the dealers that have one with a quantity, by what they may clear.

Most are over, not begun, or for another product: what a sighting or a movement costs does not grow
with the permits that there ever were.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from registry.allotment import begins_us, ends_us, is_in_force
from registry.authority import ANY_PRODUCT
from registry.model import Permit

_OTHER = ""
"""Any product that no permit of the dealer names."""


class Clearing(NamedTuple):
    """All versions of the permits of which at least one is in force for a product; the territories
    that they name."""

    rows: Sequence[Permit] = ()
    territory_ids: frozenset[str] = frozenset()


NOTHING = Clearing()


class _OfDealer(NamedTuple):
    """One dealer's permits, when any of them begins or ends, and which products they name."""

    rows: Sequence[Permit]
    changes: Sequence[int]
    gtins: frozenset[str]


class LimitedPermits:
    """All permits of the dealers that have one with a quantity."""

    def __init__(self, permits: Iterable[Permit]) -> None:
        of_dealer: dict[str, list[Permit]] = {}
        for row in permits:
            of_dealer.setdefault(row.dealer_id, []).append(row)
        self._dealers = {
            dealer_id: _of_dealer(rows)
            for dealer_id, rows in of_dealer.items()
            if any(row.quantity is not None for row in rows)
        }
        self._found: dict[tuple[str, str, int], Clearing] = {}

    def __contains__(self, dealer_id: str) -> bool:
        return dealer_id in self._dealers

    def __bool__(self) -> bool:
        return bool(self._dealers)

    def at(self, dealer_id: str, at_us: int, gtin: str = ANY_PRODUCT) -> Clearing:
        """The dealer's permits that may clear what happens then (``allotment.clears``)."""
        dealer = self._dealers.get(dealer_id)
        if dealer is None:
            return NOTHING
        product = gtin if gtin == ANY_PRODUCT or gtin in dealer.gtins else _OTHER
        key = (dealer_id, product, bisect_right(dealer.changes, at_us))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _clearing(dealer.rows, product, at_us)
        return found


def _of_dealer(rows: Sequence[Permit]) -> _OfDealer:
    changes = {at_us for row in rows for at_us in (begins_us(row), ends_us(row))}
    gtins = {gtin for row in rows if row.gtins != "all" for gtin in row.gtins}
    return _OfDealer(rows, sorted(changes), frozenset(gtins))


def _clearing(rows: Sequence[Permit], product: str, at_us: int) -> Clearing:
    # An older version of a permit speaks no more once a newer one is known, in force or not.
    ids = {
        row.permit_id
        for row in rows
        if is_in_force(row, at_us)
        and (product == ANY_PRODUCT or row.gtins == "all" or product in row.gtins)
    }
    kept = tuple(row for row in rows if row.permit_id in ids)
    return Clearing(kept, frozenset(one for row in kept for one in row.territory_ids))
