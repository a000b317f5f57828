"""What a printing plant says of a job: which of its indices were printed, spoiled or lost.

A report is a list of ranges; of two that name one index the later counts, so that a reprint is
simply reported after the spoil. Nothing is kept for each code.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from codes.errors import CodeError

Outcome = Literal["printed", "spoiled", "lost"]


@dataclass(frozen=True, slots=True)
class PrintRange:
    """Indices ``first_index`` to ``last_index``, both included, as a job's file counts them."""

    first_index: int
    last_index: int
    outcome: Outcome


class PrintedRanges:
    """The state of a job after its plant's reports, given in the order in which they came."""

    def __init__(self, ranges: Iterable[PrintRange] = ()) -> None:
        given = list(ranges)
        ends = {edge for r in given for edge in (r.first_index, r.last_index + 1)}
        self._edges = sorted(ends)
        self._outcomes = _painted(self._edges, given)

    def outcome_of(self, index: int) -> Outcome | None:
        """What became of the code with this index; ``None`` where no report names it."""
        at = bisect_right(self._edges, index) - 1
        return self._outcomes[at] if 0 <= at < len(self._outcomes) else None


def _painted(edges: Sequence[int], ranges: Sequence[PrintRange]) -> list[Outcome | None]:
    """The outcome between each edge and the next, painted from the last report to the first.

    ``free[i]`` leads to the next stretch from ``i`` on without an outcome, so that each stretch is
    painted once, however many reports there are.
    """
    at = {edge: number for number, edge in enumerate(edges)}
    outcomes: list[Outcome | None] = [None] * max(0, len(edges) - 1)
    free = list(range(len(outcomes) + 1))

    def next_free(number: int) -> int:
        while free[number] != number:
            free[number] = free[free[number]]
            number = free[number]
        return number

    for stretch in reversed(ranges):
        end = at[stretch.last_index + 1]
        number = next_free(at[stretch.first_index])
        while number < end:
            outcomes[number] = stretch.outcome
            free[number] = number + 1
            number = next_free(number)
    return outcomes


def parse_range(text: str) -> tuple[int, int]:
    """``12`` or ``0-499`` as first and last index.

    Raises:
        CodeError: ``job-invalid``: it is neither.
    """
    first, hyphen, last = text.partition("-")
    numbers = [first, last if hyphen else first]
    if not all(part.isascii() and part.isdecimal() and len(part) <= 20 for part in numbers):
        raise CodeError(f"a range is 12 or 0-499, not {text!r}", field="range", type="job-invalid")
    return int(numbers[0]), int(numbers[1])


def check_ranges(ranges: Iterable[PrintRange], first_index: int, count: int) -> None:
    """Refuses ranges that are not the job's, whose ``count`` indices begin at ``first_index``.

    Raises:
        CodeError: ``job-invalid``, naming the range by its place in the report.
    """
    last = first_index + count - 1
    seen: set[PrintRange] = set()
    for number, stretch in enumerate(ranges):
        if stretch in seen:
            raise CodeError(
                "the same range stands there twice", field=f"ranges.{number}", type="job-invalid"
            )
        seen.add(stretch)
        if not first_index <= stretch.first_index <= stretch.last_index <= last:
            raise CodeError(
                f"{stretch.first_index} to {stretch.last_index} does not lie in the job's "
                f"{first_index} to {last}",
                field=f"ranges.{number}",
                type="job-invalid",
            )
