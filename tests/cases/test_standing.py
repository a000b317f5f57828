"""Where a case stands after its steps, and which steps may be taken from there."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import CaseError
from cases.roles import MAY, Role
from cases.standing import Standing, after, check, possible, standing
from cases.steps import (
    CLOSED,
    OPEN,
    Absorb,
    Answer,
    Archive,
    Ask,
    Assign,
    Attach,
    Attachment,
    Begin,
    Comment,
    Confirm,
    Dismiss,
    Grow,
    Merge,
    Reopen,
    Silence,
    Split,
    State,
    Step,
    Taken,
)

ALERTS = ("a1", "a2", "a3")
STEPS: tuple[Step, ...] = (
    Assign("mei"), Assign(), Comment("seen"), Ask("D1", "Where?", 10), Answer(0, "Sold."),
    Attach("A receipt", (Attachment("00" * 32, "r.jpg", "image/jpeg", 3),)),
    Confirm("Theirs."), Dismiss("natural-movement"), Dismiss("other", "A test"), Reopen("News"),
    Archive(3), Grow(4), Silence(99), Merge("c2"), Absorb("c3"), Split(("a1",), "c4"),
    Begin(("a1",), "c5"),
)  # fmt: skip


def stand(*steps: Step) -> Standing:
    return standing(Taken(n, n * 10, "mei", step) for n, step in enumerate(steps))


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(get_args(Role)))))
def test_whatever_people_try_a_case_stands_in_a_state_that_its_steps_explain(
    tries: list[tuple[Step, Role]],
) -> None:
    now, taken = Standing(), list[Taken]()
    for step, role in tries:
        before = now
        try:
            check(now, step, role, alert_ids=ALERTS)
        except CaseError:
            assert now == before
            continue
        assert type(step) in possible(now, role)
        taken.append(Taken(now.steps, len(taken), "mei", step))
        now = after(now, taken[-1])
        assert now.state in OPEN | CLOSED
        assert (now.decided_by is not None) == (now.state in ("confirmed", "dismissed"))
        assert (now.dismissal is not None) == (now.state == "dismissed")
        assert now.state != "asked" or now.open_questions
    assert standing(taken) == now
    assert now.steps == len(taken)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_a_step_survives_being_stored(step: Step) -> None:
    assert msgspec.json.decode(msgspec.json.encode(step), type=Step) == step


def test_an_auditor_takes_no_step_and_only_a_dealer_answers() -> None:
    assert MAY["auditor"] == ()
    assert [role for role in get_args(Role) if Answer in MAY[role]] == ["dealer"]


def test_a_reviewer_may_not_decide() -> None:
    with pytest.raises(CaseError, match="may not confirm"):
        check(Standing(), Confirm("yes"), "reviewer")


def test_what_is_closed_takes_no_decision_until_it_is_opened_again() -> None:
    now = stand(Confirm("They shipped them."))
    with pytest.raises(CaseError, match="is confirmed cannot take the step dismiss"):
        check(now, Dismiss("natural-movement"), "decider")
    assert stand(Confirm("x"), Reopen("A permit came to light.")).state == "in-review"


def test_a_case_waits_for_a_dealer_until_every_question_is_answered() -> None:
    asked = stand(Ask("D1", "Where?", 10), Ask("D1", "When?", 10))
    assert (asked.state, asked.open_questions) == ("asked", (0, 1))
    half = after(asked, Taken(2, 20, "dealer", Answer(1, "In May.")))
    assert (half.state, half.open_questions) == ("asked", (0,))
    assert after(half, Taken(3, 30, "dealer", Answer(0, "Here."))).state == "in-review"


def test_an_answer_that_comes_after_the_decision_is_kept_and_decides_nothing() -> None:
    decided = stand(Ask("D1", "Where?", 10), Confirm("No answer in time."))
    late = Answer(0, "It was us.")
    check(decided, late, "dealer")
    assert after(decided, Taken(2, 30, "dealer", late)).state == "confirmed"


@pytest.mark.parametrize(
    ("step", "field"),
    [
        (Comment(" "), "text"),
        (Dismiss("other"), "text"),
        (Answer(5, "Sold."), "question"),
        (Attach("", ()), "attachments"),
        (Split((), "c9"), "alert_ids"),
        (Split(("a9",), "c9"), "alert_ids"),
        (Split(ALERTS, "c9"), "alert_ids"),
        (Comment("x" * 10_001), "text"),
    ],
)
def test_a_step_that_says_too_little_or_too_much_is_named(step: Step, field: str) -> None:
    role: Role = "dealer" if isinstance(step, Answer) else "decider"
    with pytest.raises(CaseError) as caught:
        check(Standing(), step, role, alert_ids=ALERTS)
    assert (caught.value.type, caught.value.field) == ("case-step-invalid", field)


def test_an_alert_cannot_be_split_off_twice() -> None:
    now = stand(Split(("a1",), "c4"))
    with pytest.raises(CaseError):
        check(now, Split(("a1",), "c5"), "reviewer", alert_ids=ALERTS)


def test_a_silence_ends_by_itself() -> None:
    now = stand(Silence(until_us=100))
    assert now.is_silent(99)
    assert not now.is_silent(100)


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((), "new"),
        ((Assign("mei"),), "in-review"),
        ((Archive(3),), "archived"),
        ((Archive(3), Grow(4)), "in-review"),
        ((Merge("c2"),), "merged"),
        ((Comment("x"),), "new"),
    ],
)
def test_steps_lead_where_their_names_say(steps: tuple[Any, ...], state: State) -> None:
    assert stand(*steps).state == state
