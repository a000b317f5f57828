"""What a verification gives: what was checked, and the first thing that is wrong."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the file, a stable word for it, and a sentence."""

    file: str
    problem: str
    detail: str


@dataclass(slots=True)
class Result:
    """What was checked, and the first problem; ``ok`` exactly where there is none."""

    checked: dict[str, Any] = field(default_factory=dict)
    first_problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether the bundle holds."""
        return self.first_problem is None


class WrongError(Exception):
    """The first thing that is wrong."""

    def __init__(self, file: str, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(file, problem, detail)


def time_of(seconds: int) -> str:
    """POSIX seconds as RFC 3339, in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"
