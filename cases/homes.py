"""Codes read in two homes of one town: several packs bear them.

An item goes home with one buyer, and further reads of it are mostly there; copies of its code go
home with others. So of the items that are read again, those read in another home are counted
against those read in the same one, as two hypotheses by the ratio of their likelihoods.
"""

import math
from collections.abc import Collection

from msgspec import Struct, field

from cases.spots import SPOT_M, Spots
from rules.places_seen import LonLat, rough_m

HOMES_APART_M = 2_000.0
"""So far apart, errors of the fixes aside, are two homes."""
OF_COPIES, OF_GOODS = 0.7, 0.1
"""Of items read again: the share read in another home if they are copies, and if they are not."""
ODDS = 20.0
LEAST = 2
MOST_KEPT = 40


class Homes(Struct):
    """Items that were read again in one town."""

    two: dict[str, tuple[LonLat, LonLat]] = field(default_factory=dict)
    """Where an item was first read, and in another home."""
    same: dict[str, None] = field(default_factory=dict)
    """Items that were read again at the same spot."""

    def take(
        self, item: str, first: LonLat, place: LonLat, radius_m: float, spots: Spots
    ) -> bool:
        """One more read of an item that was first read at one of the spots; whether it is the
        first one in another home. What lies in between says nothing."""
        if item in self.two or len(self.two) + len(self.same) >= MOST_KEPT:
            return False
        apart_m = rough_m(first, place) - spots.radius_m(first) - radius_m
        if apart_m > HOMES_APART_M:
            self.same.pop(item, None)
            self.two[item] = (first, place)
            return True
        if apart_m <= SPOT_M:
            self.same[item] = None
        return False

    def are_copies(self, firsts: Collection[LonLat]) -> bool:
        """Whether so many were in two homes that they are copies of codes. Where other items were
        read as well is a counter, not a home: ``firsts`` are the first reads of all items."""
        if len(self.two) < LEAST:
            return False
        twice = sum(
            _beside(first, firsts) <= 1 and _beside(other, firsts) == 0
            for first, other in self.two.values()
        )
        log_odds = twice * math.log(OF_COPIES / OF_GOODS)
        log_odds += len(self.same) * math.log((1 - OF_COPIES) / (1 - OF_GOODS))
        return twice >= LEAST and log_odds >= math.log(ODDS)


def _beside(place: LonLat, firsts: Collection[LonLat]) -> int:
    return sum(rough_m(place, first) <= SPOT_M for first in firsts)
