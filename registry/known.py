"""What was known when: of the rows with one key, the one recorded last by the time asked for."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from events.timed import microseconds

BEFORE_EVERYTHING = -(2**62)
FOREVER = 2**62


class Recorded(Protocol):
    """A row that says when the system learned of it; absent means before everything."""

    @property
    def recorded_at(self) -> datetime | None: ...


Row = TypeVar("Row", bound=Recorded)


def instant(at: datetime | None, *, absent: int) -> int:
    """Microseconds since the epoch; ``absent`` where there is no time."""
    return absent if at is None else microseconds(at)


def recorded_us(row: Recorded) -> int:
    """When the system learned of the row, in microseconds since the epoch."""
    return instant(row.recorded_at, absent=BEFORE_EVERYTHING)


class Known(Generic[Row]):
    """Rows by key, each as known at any time."""

    def __init__(self, rows: Iterable[Row], key: Callable[[Row], str]) -> None:
        self._versions: dict[str, tuple[list[int], list[Row]]] = {}
        for row in sorted(rows, key=recorded_us):
            instants, versions = self._versions.setdefault(key(row), ([], []))
            instants.append(recorded_us(row))
            versions.append(row)

    def get(self, key: str, known_us: int) -> Row | None:
        """The row as known at ``known_us``, or None where nothing was."""
        found = self._versions.get(key)
        if found is None:
            return None
        instants, versions = found
        if instants[-1] <= known_us:  # it is mostly asked what is known now
            return versions[-1]
        index = bisect_right(instants, known_us)
        return versions[index - 1] if index else None

    def all(self, known_us: int) -> Iterator[Row]:
        """Every row as known at ``known_us``."""
        for key in self._versions:
            row = self.get(key, known_us)
            if row is not None:
                yield row
