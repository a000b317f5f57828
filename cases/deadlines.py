"""Deadlines: how soon a case is to be looked at and decided, by its tier."""

from typing import NamedTuple

from cases.standing import Standing

DAY_US = 86_400_000_000


class Deadline(NamedTuple):
    """Days from the opening."""

    look_days: int
    decide_days: int


BY_TIER: dict[int, Deadline] = {
    1: Deadline(look_days=1, decide_days=7),
    2: Deadline(look_days=3, decide_days=14),
    3: Deadline(look_days=7, decide_days=30),
}
"""Tier 1 has the largest exposure."""


def due_us(tier: int, opened_us: int, now: Standing) -> int | None:
    """When the next thing is due: the first look, then the decision; None where nothing is."""
    if not now.is_open:
        return None
    deadline = BY_TIER.get(tier, BY_TIER[3])
    days = deadline.look_days if now.state == "new" else deadline.decide_days
    return opened_us + days * DAY_US
