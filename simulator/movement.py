"""How goods move with people: homes near an outlet, trips to where everybody goes, gifts."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulator.chance import Chance
from simulator.country import Country, Town, near_town
from simulator.earth import Place

COMMUTING_M = 22_000.0
TRIP_MIN_M = 30_000.0

Weights = npt.NDArray[np.float64]


class Movement:
    """Draws places for the buyers of an outlet; what an outlet's surroundings weigh is kept."""

    def __init__(self, country: Country, chance: Chance) -> None:
        self._country = country
        self._chance = chance
        self._population = np.array([town.weight for town in country.towns])
        self._attraction = np.array([town.attraction for town in country.towns])
        self._kept: dict[tuple[Place, str], list[float]] = {}

    def home(self, outlet: Town) -> Place:
        """A buyer's home: the outlet's town for most, a commuter's town for others."""
        if self._chance.happens(0.8):
            return near_town(outlet, self._chance)
        return self._draw(outlet, "home", self._commuters)

    def trip(self, outlet: Town) -> Place:
        """Where somebody from there travels: attraction over distance, tourist towns above all."""
        return self._draw(outlet, "trip", self._travellers)

    def gift(self, outlet: Town) -> Place:
        """Where somebody's relatives live: population over distance."""
        return self._draw(outlet, "gift", self._relatives)

    def owner_after(self, before: Place) -> Place:
        """Where somebody lives who buys from a person, anywhere: population over distance."""
        weights = self._relatives(self._country.distances_m(before))
        town = self._country.towns[self._chance.weighted(np.cumsum(weights).tolist())]
        return near_town(town, self._chance)

    def _commuters(self, distances: Weights) -> Weights:
        return self._population * np.exp(-distances / COMMUTING_M)

    def _travellers(self, distances: Weights) -> Weights:
        return self._attraction / np.maximum(distances, TRIP_MIN_M)

    def _relatives(self, distances: Weights) -> Weights:
        return self._population / np.maximum(distances, TRIP_MIN_M) ** 0.8

    def _draw(self, outlet: Town, purpose: str, law: Callable[[Weights], Weights]) -> Place:
        key = (outlet.place, purpose)
        if key not in self._kept:
            weights = law(self._country.distances_m(outlet.place))
            self._kept[key] = np.cumsum(weights).tolist()
        town = self._country.towns[self._chance.weighted(self._kept[key])]
        return near_town(town, self._chance)
