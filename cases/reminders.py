"""What is due by now and nobody was reminded of: each deadline once.

Deadlines are those of a case (``cases.deadlines``), the day until which a dealer was to answer, and
the end of a silence.
"""

from collections.abc import Sequence
from typing import Any

from cases.deadlines import due_us
from cases.standing import Standing, standing
from cases.steps import Ask, Remind, Taken


def reminders(
    case: dict[str, Any], opened_us: int, steps: Sequence[Taken], now_us: int
) -> list[Remind]:
    """The reminders to take as steps, the oldest deadline first.

    Args:
        case: its body, which says ``look_by`` and ``decide_by``.
        steps: all that were taken, in order.
    """
    now = standing(steps)
    told = {one.step for one in steps if isinstance(one.step, Remind)}
    passed = [one for one in _deadlines(case, opened_us, steps, now) if one.due_us <= now_us]
    if now.is_silent(now_us):
        passed = [one for one in passed if one.what == "answer"]
    return sorted(set(passed) - told, key=lambda one: (one.due_us, one.what))


def _deadlines(
    case: dict[str, Any], opened_us: int, steps: Sequence[Taken], now: Standing
) -> list[Remind]:
    if not now.is_open:
        return []
    found = [
        Remind("answer", one.step.due_us)
        for one in steps
        if isinstance(one.step, Ask) and one.number in now.open_questions
    ]
    due = due_us(case, opened_us, now)
    if due is not None:
        found.append(Remind("look" if now.state == "new" else "decision", due))
    if now.silent_until_us is not None:
        found.append(Remind("silence", now.silent_until_us))
    return found
