"""Natural movement: which share of a dealer's goods is seen in a place without anybody leaking.

A gravity model. What goes with people out of a dealer's own places of sale falls off with distance:
commuters exponentially, travellers and gifts as one over it, more to places that attract. How much
a place attracts is learned from all *other* dealers' goods seen there, without the one that sends
most, and shrunk towards a prior; so neither the leak itself nor one more leak raises it (docs/
detection.md has the formulas and sources). Frozen at 00:00 UTC of each day (DESIGN, 'Order and
time'): what a day brings counts from the next on.
"""

import math

from msgspec import Struct, field

from cases.cells import Cell, cell, centre, fine, fine_centre
from registry.policy import Policy
from rules.places_seen import rough_m

ENOUGH_SALES = 20
"""So many sightings at home tell where a dealer sells; before, only the border does."""
CELL_REACH_KM = 20.0
PRIOR_COUNT = 0.3
"""So little does the prior weigh: places differ in how they attract by orders of magnitude."""
MOST = 0.5


class Flow(Struct):
    """One dealer's goods as first seen: how many, where at home, in which cells abroad."""

    trials: int = 0
    home: dict[tuple[int, int], int] = field(default_factory=dict)
    abroad: dict[Cell, float] = field(default_factory=dict)


class Natural(Struct):
    """All dealers' flows up to the last midnight, and what today adds to them tomorrow."""

    flows: dict[str, Flow] = field(default_factory=dict)
    today: list[tuple[str, float, float, float]] = field(default_factory=list)
    day: int = 0
    reach: dict[tuple[str, Cell], tuple[float, float]] = field(default_factory=dict)
    """(commuting, travelling) of a dealer into a cell, worked out at most once a day."""

    def turn(self, day: int) -> None:
        """Let what came in until midnight count, if the day is another one."""
        if day <= self.day:
            return
        self.day = day
        for dealer_id, lon, lat, outside in self.today:
            self._add(dealer_id, lon, lat, outside)
        self.today.clear()
        self.reach.clear()

    def note(self, dealer_id: str, lon: float, lat: float, outside: float) -> None:
        """An item's first sighting, inside or with probability ``outside`` not."""
        self.today.append((dealer_id, lon, lat, outside))

    def _add(self, dealer_id: str, lon: float, lat: float, outside: float) -> None:
        flow = self.flows.setdefault(dealer_id, Flow())
        flow.trials += 1
        if outside < 0.5:
            square = fine(lon, lat)
            flow.home[square] = flow.home.get(square, 0) + 1
            return
        for grid in range(4):
            into = cell(lon, lat, grid)
            flow.abroad[into] = flow.abroad.get(into, 0.0) + outside

    def share(self, dealer_id: str, into: Cell, border_km: float, policy: Policy) -> float:
        """At most this share of the dealer's goods is first seen in the cell by nature.

        ``border_km`` is how far beyond the dealer's border the sighting lies.
        """
        near, far = self._reach(dealer_id, into, border_km)
        attraction = self._attraction(dealer_id, into, policy)
        expected = policy.leak_commuting * near + attraction * far
        return min(max(policy.leak_margin * expected, policy.leak_least_share), MOST)

    def commuting(self, dealer_id: str, into: Cell) -> float:
        """How near a cell lies to where the dealer sells, from 0 to 1; 0 where that is unknown."""
        return self._reach(dealer_id, into, math.inf)[0]

    def _reach(self, dealer_id: str, into: Cell, border_km: float) -> tuple[float, float]:
        flow = self.flows.get(dealer_id)
        sales = sum(flow.home.values()) if flow else 0
        if flow is None or sales < ENOUGH_SALES:
            return _decay(max(border_km, 0.0))
        key = (dealer_id, into)
        if key not in self.reach:
            self.reach[key] = _from_home(flow, sales, into)
        return self.reach[key]

    def _attraction(self, dealer_id: str, into: Cell, policy: Policy) -> float:
        """Goods of others seen there, as a multiple of what their distances let expect."""
        seen = []
        for other, flow in self.flows.items():
            if other == dealer_id or not flow.trials:
                continue
            near, far = self._reach(other, into, 1000.0)
            if near > 0.2:
                continue  # The place is at that dealer's own doorstep: no measure of travel.
            seen.append((flow.abroad.get(into, 0.0), flow.trials * far))
        if len(seen) > 2:
            seen.remove(max(seen, key=lambda pair: (pair[0] / pair[1], pair)))
        count = sum(number for number, _ in seen)
        expected = sum(number for _, number in seen)
        prior = policy.leak_travelling_km
        return (count + PRIOR_COUNT) / (expected + PRIOR_COUNT / prior)


def _decay(km: float) -> tuple[float, float]:
    """(commuting, travelling) over a distance: exponential with 15 km; one over it from 30 km."""
    return math.exp(-km / 15.0), 1.0 / max(km, 30.0)


def _from_home(flow: Flow, sales: int, into: Cell) -> tuple[float, float]:
    goal = centre(into)
    near = far = 0.0
    for square, number in flow.home.items():
        km = max(rough_m(goal, fine_centre(square)) / 1000.0 - CELL_REACH_KM, 0.0)
        commuted, travelled = _decay(km)
        near += number * commuted
        far += number * travelled
    return near / sales, far / sales
