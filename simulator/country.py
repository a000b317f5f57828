"""Where people live: neighbouring states with towns, some large, some full of tourists."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

from simulator.atlas import Atlas, Region
from simulator.chance import Chance
from simulator.earth import EARTH_RADIUS_M, Place, moved

STATES = 10
TOURIST_TOWNS = 5
TRIES = 40
"""Points drawn in a county's box before its representative point is taken."""


@dataclass(frozen=True)
class Town:
    """A town: its weight says how many live there, its attraction how many go there."""

    place: Place
    state_id: str
    county_id: str
    weight: float
    attraction: float


@dataclass
class Country:
    """The states of a world, each bordering on an earlier one, and their towns."""

    states: list[Region]
    counties: dict[str, list[Region]]
    """By the state's id."""
    neighbours: dict[str, list[str]]
    towns: list[Town]
    _lon: npt.NDArray[np.float64] = field(init=False, repr=False)
    _lat: npt.NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._lon = np.radians([town.place.lon for town in self.towns])
        self._lat = np.radians([town.place.lat for town in self.towns])

    def distances_m(self, place: Place) -> npt.NDArray[np.float64]:
        """Metres from the place to each town (haversine)."""
        lon, lat = np.radians(place.lon), np.radians(place.lat)
        across = np.sin((self._lat - lat) / 2) ** 2
        along = np.sin((self._lon - lon) / 2) ** 2 * np.cos(lat) * np.cos(self._lat)
        return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(across + along)), dtype=np.float64)

    def towns_of(self, territory_ids: set[str]) -> list[Town]:
        """The towns that lie in one of these territories."""
        return [
            town
            for town in self.towns
            if town.state_id in territory_ids or town.county_id in territory_ids
        ]


def settle(atlas: Atlas, chance: Chance) -> Country:
    """Choose neighbouring states and found towns in them."""
    neighbours = atlas.neighbours()
    codes = _cluster(neighbours, chance)
    states, counties = atlas.states(codes), atlas.counties(codes)
    towns = [
        town
        for state in states
        for county in counties[state.territory_id]
        for town in _towns(county, chance)
    ]
    near = {
        f"US-{code}": [f"US-{other}" for other in neighbours[code] if other in codes]
        for code in codes
    }
    return Country(states, counties, near, _with_tourists(towns, chance))


def _cluster(neighbours: dict[str, list[str]], chance: Chance) -> list[str]:
    """Grow from a state until there are enough; where it gets stuck, from another."""
    while True:
        chosen = [chance.one_of(sorted(neighbours))]
        while len(chosen) < STATES:
            around = sorted({n for code in chosen for n in neighbours[code]} - set(chosen))
            if not around:
                break
            chosen.append(chance.one_of(around))
        if len(chosen) == STATES:
            return chosen


def _towns(county: Region, chance: Chance) -> list[Town]:
    """One to three towns a county, sizes after a heavy-tailed law as real ones have."""
    return [
        Town(
            _inside(county, chance),
            county.state_id,
            county.territory_id,
            weight := chance.lognormal(1.0, 1.2),
            weight,
        )
        for _ in range(chance.integer(1, 3))
    ]


def _inside(county: Region, chance: Chance) -> Place:
    west, south, east, north = county.polygon.bounds
    for _ in range(TRIES):
        lon, lat = chance.between(west, east), chance.between(south, north)
        if shapely.contains_xy(county.polygon, lon, lat):
            return Place(lon, lat)
    point = shapely.point_on_surface(county.polygon)
    return Place(point.x, point.y)


def _with_tourists(towns: list[Town], chance: Chance) -> list[Town]:
    """A few towns where far more people go than live."""
    famous = set(chance.sample(range(len(towns)), TOURIST_TOWNS))
    return [
        Town(t.place, t.state_id, t.county_id, t.weight, t.attraction * 40 + 40)
        if index in famous
        else t
        for index, t in enumerate(towns)
    ]


def near_town(town: Town, chance: Chance) -> Place:
    """Where somebody of that town lives: most within a few kilometres of its middle."""
    reach = 2500.0 * (1 + town.weight) ** 0.3
    return moved(town.place, reach * chance.normal(), reach * chance.normal())
