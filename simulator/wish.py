"""What world is wanted."""

from dataclasses import dataclass
from datetime import UTC, datetime

from simulator import calendar
from simulator.calendar import DAY
from simulator.errors import SimulationError
from simulator.levels import Difficulty

START = datetime(2026, 1, 5, tzinfo=UTC)
END = datetime(2026, 7, 6, tzinfo=UTC)
SHORTEST = 60 * DAY
MOST_ITEMS = 20_000_000


@dataclass(frozen=True)
class Wish:
    """What world is wanted; the same wish gives the same bytes."""

    seed: int
    items: int
    difficulty: Difficulty = "standard"
    start: datetime = START
    end: datetime = END

    def span(self) -> tuple[int, int]:
        """Its time in milliseconds.

        Raises:
            SimulationError: the wish is impossible.
        """
        if not 1 <= self.items <= MOST_ITEMS:
            raise SimulationError(f"between 1 and {MOST_ITEMS} items can be made", field="items")
        if self.seed < 0:
            raise SimulationError("a seed is not negative", field="seed")
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise SimulationError("the time has no offset from UTC", field="start")
        span = calendar.from_datetime(self.start), calendar.from_datetime(self.end)
        if span[1] - span[0] < SHORTEST:
            raise SimulationError("a world lasts 60 days at least", field="end")
        return span
