"""What a buyer does with an item: reads its code in the shop, at home, on a trip; gives it away."""

from dataclasses import dataclass

from simulator.calendar import DAY, HOUR, SECOND
from simulator.chance import Chance
from simulator.country import Town
from simulator.earth import Place, distance_m, moved, offset_hours
from simulator.levels import Level
from simulator.movement import Movement
from simulator.phone import FixSource

SCANNED = 0.62
"""The share of items whose code a buyer ever reads."""
TRAVEL_MPS = 15.0
"""No faster than this, door to door, do people get from one scan to the next."""


@dataclass(frozen=True)
class Visit:
    """Somebody reads the code at a place and time; ``source`` where it is not left to chance."""

    at_ms: int
    place: Place
    source: FixSource | None = None


class Consumers:
    """Draws the visits of an item."""

    def __init__(self, movement: Movement, level: Level, chance: Chance) -> None:
        self._movement, self._level, self._chance = movement, level, chance

    def visits(self, town: Town, sold_ms: int, *, surely_seen: bool = False) -> list[Visit]:
        """All visits of an item sold in a town, in order; mostly none or one."""
        chance, level = self._chance, self._level
        found = []
        if chance.happens(0.05):
            found.append(
                Visit(sold_ms - int(chance.exponential(0.4 * HOUR)), near_shop(town, chance))
            )
        if chance.happens(SCANNED) or surely_seen:
            home = self._movement.home(town)
            if chance.happens(level.gifts):
                home = self._movement.gift(town)
            at_ms = sold_ms + int(chance.exponential(2 * DAY))
            found.append(Visit(at_ms, home, "gnss" if surely_seen else None))
            while chance.happens(0.3):
                at_ms += int(chance.exponential(9 * DAY))
                away = chance.happens(level.travellers)
                found.append(
                    Visit(at_ms, self._movement.trip(town) if away else self._around(home))
                )
            if chance.happens(level.travellers):
                found.append(
                    Visit(at_ms + int(chance.between(1, 12) * DAY), self._movement.trip(town))
                )
        return awake(found)

    def _around(self, home: Place) -> Place:
        """At home again, or on an errand."""
        if self._chance.happens(0.7):
            return home
        return moved(home, 4000 * self._chance.normal(), 4000 * self._chance.normal())


def near_shop(town: Town, chance: Chance) -> Place:
    """In the shop."""
    return moved(town.place, 30 * chance.normal(), 30 * chance.normal())


def awake(visits: list[Visit]) -> list[Visit]:
    """The same, in the daytime and with the time it takes to get from one place to the next."""
    found: list[Visit] = []
    for visit in visits:
        at_ms = visit.at_ms
        if found:
            way_ms = int(distance_m(found[-1].place, visit.place) / TRAVEL_MPS * SECOND)
            at_ms = max(at_ms, found[-1].at_ms + way_ms)
        found.append(Visit(_daytime(at_ms, offset_hours(visit.place)), visit.place, visit.source))
    return found


def _daytime(at_ms: int, hours: int) -> int:
    """Between 7 and 23 o'clock there; what falls into the night waits until the morning."""
    of_day = (at_ms + hours * HOUR) % DAY
    return at_ms + 9 * HOUR if of_day < 7 * HOUR else at_ms
