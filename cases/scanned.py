"""How large a share of goods is ever read with a place, learned from origin cases.

Of each dealer and product a sample of origin cases is kept, those whose hashes are the smallest:
whatever order they come in, it is the same sample, and it is bounded. A case of which nothing was
read is never known, so that the number read of one follows a binomial law without its zero.
"""

from hashlib import sha256

import numpy as np
from msgspec import Struct, field

SAMPLED = 64
"""Origin cases of one dealer and product; more tell little more."""
_GRID = np.geomspace(0.004, 0.99, 200)


class ShareRead(Struct, frozen=True, array_like=True):
    """What is known of the share: its middle, mean and variance of its inverse, the mean of
    ``(1 - share) / share**2``; from how many origin cases, and whose: the dealer's or all dealers'.
    """

    share: float
    inverse: float
    inverse_variance: float
    slack: float
    origins: int
    of_dealer: bool


class Scanned(Struct):
    """Items read by origin case of each dealer and product, up to the last midnight."""

    sampled: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """Dealer, then GTIN, then the hash of an origin case."""
    today: list[tuple[str, str, str]] = field(default_factory=list)
    day: int = 0

    def turn(self, day: int) -> None:
        """Let what came in until midnight count, if the day is another one."""
        if day <= self.day:
            return
        self.day = day
        for dealer_id, gtin, origin in self.today:
            self._add(dealer_id, gtin, origin)
        self.today.clear()

    def note(self, dealer_id: str, gtin: str, origin: str | None) -> None:
        """One more item that was read for the first time."""
        if origin is not None:
            self.today.append((dealer_id, gtin, origin))

    def _add(self, dealer_id: str, gtin: str, origin: str) -> None:
        kept = self.sampled.setdefault(dealer_id, {}).setdefault(gtin, {})
        key = sha256(origin.encode()).hexdigest()[:16]
        if key in kept:
            kept[key] += 1
        elif len(kept) < SAMPLED:
            kept[key] = 1
        elif key < (last := max(kept)):
            del kept[last]
            kept[key] = 1

    def share(
        self, dealer_id: str | None, gtin: str, case_size: int, least: int
    ) -> ShareRead | None:
        """The share of a dealer's items of a product; of all dealers', where of its own fewer than
        ``least`` origin cases are known; None where they are too few as well."""
        own = self.sampled.get(dealer_id or "", {}).get(gtin, {})
        if len(own) >= least:
            return _share(list(own.values()), case_size, of_dealer=True)
        all_of_them = [
            count
            for products in self.sampled.values()
            for count in products.get(gtin, {}).values()
        ]
        if len(all_of_them) < least:
            return None
        return _share(all_of_them, case_size, of_dealer=False)


def _share(counts: list[int], case_size: int, *, of_dealer: bool) -> ShareRead:
    """The posterior over a grid, with a flat prior, of a binomial law without its zero."""
    number = len(counts)
    read = sum(min(count, case_size) for count in counts)
    logs = (
        read * np.log(_GRID)
        + (number * case_size - read) * np.log1p(-_GRID)
        - number * np.log1p(-((1 - _GRID) ** case_size))
    )
    weights = np.exp(logs - logs.max()) * np.gradient(_GRID)
    weights /= weights.sum()
    inverse = float(np.sum(weights / _GRID))
    middle = float(_GRID[int(np.searchsorted(np.cumsum(weights), 0.5))])
    return ShareRead(
        share=middle,
        inverse=inverse,
        inverse_variance=float(np.sum(weights / _GRID**2)) - inverse**2,
        slack=float(np.sum(weights * (1 - _GRID) / _GRID**2)),
        origins=number,
        of_dealer=of_dealer,
    )
