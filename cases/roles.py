"""Roles: who may do what to a case. Deciding is kept apart from reviewing, reading from both."""

from typing import Literal

from cases.steps import (
    Answer,
    Archive,
    Ask,
    Assign,
    Attach,
    Comment,
    Confirm,
    Dismiss,
    Merge,
    Reopen,
    Silence,
    Split,
    Step,
)

Role = Literal["reviewer", "decider", "auditor", "administrator", "dealer"]

_REVIEW: tuple[type[Step], ...] = (
    Assign, Comment, Ask, Attach, Archive, Silence, Merge, Split,
)  # fmt: skip
_DECIDE: tuple[type[Step], ...] = (*_REVIEW, Confirm, Dismiss, Reopen)

MAY: dict[Role, tuple[type[Step], ...]] = {
    "reviewer": _REVIEW,
    "decider": _DECIDE,
    "auditor": (),
    "administrator": _DECIDE,
    "dealer": (Answer,),
}
"""Steps that a role may take; what time or growth does is nobody's to take."""

READS_CASES: frozenset[Role] = frozenset({"reviewer", "decider", "auditor", "administrator"})
"""A dealer sees the questions put to it and nothing else."""


def may(role: Role, step: Step | type[Step]) -> bool:
    """Whether somebody of this role may take such a step."""
    kind = step if isinstance(step, type) else type(step)
    return kind in MAY[role]
