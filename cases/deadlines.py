"""Deadlines: by when a case is to be looked at, and by when it is to be decided."""

from datetime import datetime
from typing import Any, NamedTuple

from cases.standing import Standing
from events.timed import microseconds
from registry.policy import Policy

DAY_US = 86_400_000_000
MADE_BY_HAND = Policy()
"""By its lowest tier: a case that was split off says nothing itself."""


class Deadlines(NamedTuple):
    """Until when somebody is to have looked at a case, and to have decided it (microseconds)."""

    look_us: int
    decide_us: int


def deadlines_of(opened_us: int, days: float, policy: Policy) -> Deadlines:
    """Of a case that is to be decided within so many days."""
    decide_us = round(days * DAY_US)
    return Deadlines(opened_us + round(decide_us * policy.look_share), opened_us + decide_us)


def due_us(case: dict[str, Any], opened_us: int, now: Standing) -> int | None:
    """When the next thing is due (microseconds): the first look while nobody has looked, else the
    decision; None where nothing is."""
    if not now.is_open:
        return None
    usual = deadlines_of(opened_us, MADE_BY_HAND.tier_3_days, MADE_BY_HAND)
    if now.state == "new":
        return _time(case, "look_by", usual.look_us)
    return _time(case, "decide_by", usual.decide_us)


def _time(case: dict[str, Any], name: str, absent_us: int) -> int:
    return microseconds(datetime.fromisoformat(case[name])) if name in case else absent_us
