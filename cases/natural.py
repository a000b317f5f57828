"""Natural movement: which share of a dealer's goods is seen in a place without anybody leaking.

A gravity model. What goes with people out of a dealer's own places of sale falls off with distance:
commuters exponentially, travellers and gifts as one over it, more to places that attract. How much
a place attracts is learned from all *other* dealers' goods seen there, without the one that sends
most, and shrunk towards a prior; so neither the leak itself nor one more leak raises it (docs/
detection.md has the formulas and sources). Frozen at 00:00 UTC of each day (DESIGN, 'Order and
time'): what a day brings counts from the next on.
"""

import math

import numpy as np
import numpy.typing as npt
from msgspec import Struct, field

from cases.cells import FINE_DEGREES, Cell, cell, centre, fine
from registry.policy import Policy
from rules.places_seen import EARTH_RADIUS_M

ENOUGH_SALES = 20
"""So many sightings at home tell where a dealer sells; before, only the border does."""
GROWN = 1.5
"""Where a dealer sells is looked at again when its sales have grown by so much."""
CELL_REACH_KM = 20.0
PRIOR_COUNT = 0.3
"""So little does the prior weigh: places differ in how they attract by orders of magnitude."""
TRAVELLING = 0.06
"""About such a share of goods is first seen abroad by nature, in all places together."""
PERHAPS_SOLD = 0.06
"""Of one dealer more, of whom nothing is known yet, such a share may be sold around a place."""
COMMUTING_KM = 15.0
SHORTEST_TRIP_KM = 30.0
MOST = 0.5


class Flow(Struct):
    """One dealer's goods as first seen: how many, where at home, in which cells abroad."""

    trials: int = 0
    sales: int = 0
    """How many of them were seen at home."""
    home: dict[tuple[int, int], int] = field(default_factory=dict)
    abroad: dict[Cell, float] = field(default_factory=dict)


class Natural(Struct):
    """All dealers' flows up to the last midnight, and what today adds to them tomorrow."""

    flows: dict[str, Flow] = field(default_factory=dict)
    today: list[tuple[str, float, float, float]] = field(default_factory=list)
    day: int = 0
    reach: dict[tuple[str, Cell], tuple[float, float, int]] = field(default_factory=dict)
    """(commuting, travelling) of a dealer into a cell, and of how many sales it was worked out."""

    def turn(self, day: int) -> None:
        """Let what came in until midnight count, if the day is another one."""
        if day <= self.day:
            return
        self.day = day
        for dealer_id, lon, lat, outside in self.today:
            self._add(dealer_id, lon, lat, outside)
        self.today.clear()

    def note(self, dealer_id: str, lon: float, lat: float, outside: float) -> None:
        """An item's first sighting, inside or with probability ``outside`` not."""
        self.today.append((dealer_id, lon, lat, outside))

    def _add(self, dealer_id: str, lon: float, lat: float, outside: float) -> None:
        flow = self.flows.setdefault(dealer_id, Flow())
        flow.trials += 1
        if outside < 0.5:
            square = fine(lon, lat)
            flow.home[square] = flow.home.get(square, 0) + 1
            flow.sales += 1
            return
        for grid in range(4):
            into = cell(lon, lat, grid)
            flow.abroad[into] = flow.abroad.get(into, 0.0) + outside

    def share(self, dealer_id: str, into: Cell, border_km: float, policy: Policy) -> float:
        """At most this share of the dealer's goods is first seen in the cell by nature.

        ``border_km`` is how far beyond the dealer's border the sighting lies.
        """
        near, far = self._reach(dealer_id, into, border_km)
        attraction, populous = self._attraction(dealer_id, into, policy)
        expected = policy.leak_commuting * near + attraction * far
        # Where little is seen of others, that people live there still tells that people go there.
        expected = max(expected, TRAVELLING * populous)
        return min(max(policy.leak_margin * expected, policy.leak_least_share), MOST)

    def commuting(self, dealer_id: str, into: Cell) -> float:
        """How near a cell lies to where the dealer sells, from 0 to 1; 0 where that is unknown."""
        return self._reach(dealer_id, into, math.inf)[0]

    def _reach(self, dealer_id: str, into: Cell, border_km: float) -> tuple[float, float]:
        flow = self.flows.get(dealer_id)
        if flow is None or flow.sales < ENOUGH_SALES:
            return _decay(max(border_km, 0.0))
        key = (dealer_id, into)
        known = self.reach.get(key)
        if known is None or flow.sales >= GROWN * known[2]:
            known = self.reach[key] = (*_from_home(flow, into), flow.sales)
        return known[0], known[1]

    def _attraction(self, dealer_id: str, into: Cell, policy: Policy) -> tuple[float, float]:
        """Goods of others seen there, as a multiple of what their distances let expect; and which
        share of their sales other dealers make around there, on average."""
        seen: list[tuple[float, float]] = []
        sold: list[float] = []
        for other, flow in self.flows.items():
            if other == dealer_id or not flow.trials:
                continue
            near, far = self._reach(other, into, 1000.0)
            if flow.sales >= ENOUGH_SALES:
                sold.append(near)
            if near > 0.2:
                continue  # The place is at that dealer's own doorstep: no measure of travel.
            seen.append((flow.abroad.get(into, 0.0), flow.trials * far))
        if len(seen) > 2:
            seen.remove(max(seen, key=lambda pair: (pair[0] / pair[1], pair)))
        count = sum(number for number, _ in seen)
        expected = sum(number for _, number in seen)
        prior = policy.leak_travelling_km
        populous = (sum(sold) + PERHAPS_SOLD) / (len(sold) + 1)
        return (count + PRIOR_COUNT) / (expected + PRIOR_COUNT / prior), populous


def _decay(km: float) -> tuple[float, float]:
    """(commuting, travelling) over a distance: exponential; one over it."""
    return math.exp(-km / COMMUTING_KM), 1.0 / max(km, SHORTEST_TRIP_KM)


def _from_home(flow: Flow, into: Cell) -> tuple[float, float]:
    squares = np.array(list(flow.home), dtype=np.float64)
    number = np.array(list(flow.home.values()), dtype=np.float64)
    km = np.maximum(_km(centre(into), (squares + 0.5) * FINE_DEGREES) - CELL_REACH_KM, 0.0)
    near = float(np.sum(number * np.exp(-km / COMMUTING_KM)))
    far = float(np.sum(number / np.maximum(km, SHORTEST_TRIP_KM)))
    return near / flow.sales, far / flow.sales


def _km(goal: tuple[float, float], places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Great-circle distances from places (longitude, latitude) to one."""
    lon, lat = np.radians(places[:, 0]), np.radians(places[:, 1])
    goal_lon, goal_lat = math.radians(goal[0]), math.radians(goal[1])
    h = (
        np.sin((lat - goal_lat) / 2) ** 2
        + np.cos(lat) * math.cos(goal_lat) * np.sin((lon - goal_lon) / 2) ** 2
    )
    angle: npt.NDArray[np.float64] = 2 * np.arcsin(np.sqrt(np.minimum(h, 1)))
    return angle * (EARTH_RADIUS_M / 1000)
