"""Deadlines: by when a case is to be looked at, and by when it is to be decided."""

from datetime import datetime
from typing import Any

from cases.standing import Standing
from events.timed import microseconds

DAY_US = 86_400_000_000
DAYS_TO_DECIDE = 21
"""Where the case itself says nothing."""


def due_us(case: dict[str, Any], opened_us: int, now: Standing) -> int | None:
    """When the next thing is due (microseconds); None where nothing is.

    The decision is due when the case says (``decide_by``, by its tier and the policy), the first
    look after a third of that time.
    """
    if not now.is_open:
        return None
    decide_by_us = opened_us + DAYS_TO_DECIDE * DAY_US
    if "decide_by" in case:
        decide_by_us = microseconds(datetime.fromisoformat(case["decide_by"]))
    return opened_us + (decide_by_us - opened_us) // 3 if now.state == "new" else decide_by_us
