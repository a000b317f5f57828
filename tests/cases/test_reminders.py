"""Each deadline is reminded of once, when time has passed it."""

from cases.deadlines import DAY_US
from cases.reminders import reminders
from cases.steps import Answer, Ask, Assign, Confirm, Remind, Silence, Step, Taken

CASE = {"look_by": "1970-01-04T00:00:00Z", "decide_by": "1970-01-10T00:00:00Z"}


def due(day: float, *steps: Step) -> list[Remind]:
    taken = [Taken(number, number, "mei", step) for number, step in enumerate(steps)]
    return reminders(CASE, 0, taken, round(day * DAY_US))


LOOK, DECISION = Remind("look", 3 * DAY_US), Remind("decision", 9 * DAY_US)


def test_a_case_that_nobody_looks_at_is_reminded_of_once() -> None:
    assert due(2.9) == []
    assert due(3) == [LOOK]
    assert due(100, LOOK) == []


def test_a_decision_that_is_overdue_is_reminded_of_once() -> None:
    assert due(8, Assign("mei")) == []
    assert due(9, LOOK, Assign("mei")) == [DECISION]
    assert due(50, LOOK, Assign("mei"), DECISION) == []
    assert due(50, Assign("mei"), Confirm("so it is")) == []


def test_a_dealers_answer_that_is_past_due_is_reminded_of_unless_it_came() -> None:
    ask = Ask("D1", "Where are they?", 5 * DAY_US)
    late = Remind("answer", 5 * DAY_US)
    assert due(4, ask) == []
    assert due(6, ask) == [late]
    assert due(6, ask, late) == []
    assert due(6, ask, Answer(0, "Here")) == []


def test_a_silence_ends_by_itself_and_then_what_is_due_is_told() -> None:
    silence = Silence(20 * DAY_US)
    assert due(19, Assign("mei"), silence) == []
    assert due(21, Assign("mei"), silence) == [DECISION, Remind("silence", 20 * DAY_US)]
