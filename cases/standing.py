"""Where a case stands: a fold of the steps taken, and what may be done from there."""

from collections.abc import Iterable
from functools import reduce

from msgspec import Struct
from msgspec.structs import replace

from cases.errors import CaseError, step_invalid
from cases.roles import Role, may
from cases.steps import (
    CLOSED,
    OPEN,
    Absorb,
    Answer,
    Archive,
    Ask,
    Assign,
    Attach,
    Begin,
    Comment,
    Confirm,
    Dismiss,
    Grow,
    Merge,
    Remind,
    Reopen,
    Silence,
    Split,
    State,
    Step,
    Taken,
)

LONGEST_TEXT = 10_000
"""Characters of a text, so that a step always fits into an evidence entry."""
MOST_ALERTS = 400


class Standing(Struct, frozen=True):
    """A case after its steps.

    ``open_questions`` are the numbers of questions without an answer; ``taken_in`` the cases merged
    into this one; ``split_off`` alerts that belong to another case now; ``own_alerts`` those that a
    case made by splitting began with.
    """

    state: State = "new"
    since_us: int | None = None
    assignee: str | None = None
    steps: int = 0
    open_questions: tuple[int, ...] = ()
    decided_by: str | None = None
    dismissal: str | None = None
    archived_at_alerts: int | None = None
    silent_until_us: int | None = None
    merged_into: str | None = None
    taken_in: tuple[str, ...] = ()
    split_off: frozenset[str] = frozenset()
    own_alerts: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to work on it."""
        return self.state in OPEN

    def is_silent(self, at_us: int) -> bool:
        """Whether nobody is to be reminded of it at that time."""
        return self.silent_until_us is not None and at_us < self.silent_until_us


def standing(steps: Iterable[Taken]) -> Standing:
    """The fold over all steps, in their order."""
    return reduce(after, steps, Standing())


def after(before: Standing, taken: Taken) -> Standing:
    """The standing after one more step."""
    changed = _changed(before, taken)
    if changed.state != before.state:
        changed = replace(changed, since_us=taken.at_us)
    return replace(changed, steps=before.steps + 1)


def _changed(before: Standing, taken: Taken) -> Standing:
    match taken.step:
        case Assign(assignee=assignee):
            state: State = "in-review" if before.state == "new" else before.state
            return replace(before, state=state, assignee=assignee)
        case Ask():
            questions = (*before.open_questions, taken.number)
            return replace(before, state="asked", open_questions=questions)
        case Answer(question=question):
            rest = tuple(number for number in before.open_questions if number != question)
            waits = before.state == "asked" and not rest
            state = "in-review" if waits else before.state
            return replace(before, state=state, open_questions=rest)
        case Confirm():
            return replace(before, state="confirmed", decided_by=taken.actor, dismissal=None)
        case Dismiss(reason=reason):
            return replace(before, state="dismissed", decided_by=taken.actor, dismissal=reason)
        case Reopen() | Grow():
            return replace(
                before, state="in-review", decided_by=None, dismissal=None, archived_at_alerts=None
            )
        case Archive(alerts=alerts):
            return replace(before, state="archived", archived_at_alerts=alerts)
        case Silence(until_us=until_us):
            return replace(before, silent_until_us=until_us)
        case Merge(into=into):
            return replace(before, state="merged", merged_into=into)
        case Absorb(case_id=case_id):
            return replace(before, taken_in=(*before.taken_in, case_id))
        case Split(alert_ids=alert_ids):
            return replace(before, split_off=before.split_off | set(alert_ids))
        case Begin(alert_ids=alert_ids):
            return replace(before, own_alerts=alert_ids)
        case Comment() | Attach() | Remind():
            return before


_FROM: dict[type[Step], frozenset[State]] = {
    Assign: OPEN,
    Comment: OPEN | CLOSED,
    Attach: OPEN | CLOSED,
    Ask: OPEN,
    Answer: OPEN | CLOSED,
    Confirm: OPEN,
    Dismiss: OPEN,
    Reopen: frozenset({"confirmed", "dismissed", "archived"}),
    Archive: OPEN,
    Grow: frozenset({"archived"}),
    Silence: OPEN,
    Remind: OPEN,
    Merge: OPEN,
    Absorb: OPEN,
    Split: OPEN,
    Begin: frozenset({"new"}),
}
"""From which states a step leads on."""


def possible(now: Standing, role: Role) -> frozenset[type[Step]]:
    """The kinds of step that this role may take from here."""
    return frozenset(
        kind for kind, states in _FROM.items() if now.state in states and may(role, kind)
    )


def check(now: Standing, step: Step, role: Role, *, alert_ids: Iterable[str] = ()) -> None:
    """Refuse a step that cannot be taken from here.

    Args:
        alert_ids: the alerts that the case has now, which a split takes from.

    Raises:
        CaseError: it may not be taken from this state or by this role, or it says too little.
    """
    if not may(role, step):
        raise CaseError(f"the role {role} may not {_name(step)}", field="step")
    check_state(now, step)
    _check_content(now, step, frozenset(alert_ids) - now.split_off)


def check_state(now: Standing, step: Step) -> None:
    """Refuse a step that does not lead on from this state.

    Raises:
        CaseError: naming both.
    """
    if now.state not in _FROM[type(step)]:
        raise CaseError(
            f"a case that is {now.state} cannot take the step {_name(step)}", field="step"
        )


def _name(step: Step) -> str:
    return str(type(step).__struct_config__.tag)


def _check_content(now: Standing, step: Step, alert_ids: frozenset[str]) -> None:
    text = getattr(step, "text", "")
    if len(text) > LONGEST_TEXT:
        raise step_invalid(f"a text has at most {LONGEST_TEXT} characters", "text")
    match step:
        case Ask() | Answer() | Comment() | Confirm() | Reopen() if not text.strip():
            raise step_invalid("this step needs words", "text")
        case Dismiss(reason="other") if not text.strip():
            raise step_invalid("the reason 'other' needs words", "text")
        case Answer(question=question) if question not in now.open_questions:
            raise step_invalid("there is no such question without an answer", "question")
        case Attach(attachments=()):
            raise step_invalid("there is no file", "attachments")
        case Split(alert_ids=chosen) if not chosen or not alert_ids.issuperset(chosen):
            raise step_invalid("the alerts to split off are not all this case's", "alert_ids")
        case Split(alert_ids=chosen) if len(chosen) >= len(alert_ids):
            raise step_invalid("a split leaves at least one alert behind", "alert_ids")
        case Split(alert_ids=chosen) if len(chosen) > MOST_ALERTS:
            raise step_invalid(f"at most {MOST_ALERTS} alerts at once", "alert_ids")
