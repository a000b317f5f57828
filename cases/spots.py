"""Buyers told apart by where they read: items at one spot may be one household's.

People buy several at once, take them far and read one now and one then, so items read at one spot
are one buyer's as long as a household takes so many home. A shop that sells more gives itself away.
"""

from msgspec import Struct, field

from rules.places_seen import LonLat, rough_m

SPOT_M = 200.0
"""Reads this near each other, errors of their fixes aside, are at one spot."""
MOST_ERROR_M = 1500.0
"""A fix coarser than this does not put a whole town at one spot."""
HOUSEHOLD = 4
"""So many items one buyer takes home; every further one counts as another buyer's."""
MOST_SPOTS = 40


class Spot(Struct, array_like=True):
    """A place, the error of its first fix, and how many items were read there."""

    place: LonLat
    radius_m: float
    items: int = 0


class Spots(Struct):
    """The last spots, and how many buyers there were at all of them."""

    kept: list[Spot] = field(default_factory=list)
    buyers: int = 0

    @property
    def places(self) -> list[LonLat]:
        """Where the last spots are."""
        return [spot.place for spot in self.kept]

    def take(self, place: LonLat, radius_m: float) -> int:
        """One more item read there; gives how many were before it."""
        radius_m = min(radius_m, MOST_ERROR_M)
        for spot in self.kept:
            if rough_m(spot.place, place) <= SPOT_M + spot.radius_m + radius_m:
                break
        else:
            spot = Spot(place, radius_m)
            self.kept = [*self.kept[1 - MOST_SPOTS :], spot]
        before = spot.items
        spot.items += 1
        if before == 0 or before >= HOUSEHOLD:
            self.buyers += 1
        return before
