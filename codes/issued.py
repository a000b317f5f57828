"""Was this serial issued? Answered from jobs alone, without a row for each item."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from codes.serials import Serials


@dataclass(frozen=True, order=True, slots=True)
class JobRange:
    """The indices of a GTIN that one job issued."""

    gtin: str
    first_index: int
    count: int


class IssuedSerials:
    """The serials that some jobs cover. Jobs of one GTIN don't overlap."""

    def __init__(self, serials: Serials, jobs: Iterable[JobRange]) -> None:
        self._serials = serials
        self._ranges: dict[str, list[tuple[int, int]]] = {}
        for job in sorted(jobs):
            ends = self._ranges.setdefault(job.gtin, [])
            ends.append((job.first_index, job.first_index + job.count))

    def covers(self, gtin: str, serial: str) -> bool:
        """Whether a job issued ``serial`` for the GTIN of 14 digits."""
        ranges = self._ranges.get(gtin)
        index = None if ranges is None else self._serials.index_of(gtin, serial)
        if ranges is None or index is None:
            return False
        at = bisect_right(ranges, index, key=lambda range_: range_[0]) - 1
        return at >= 0 and index < ranges[at][1]
