"""By when a case is to be looked at, and decided."""

from cases.deadlines import DAY_US, Deadlines, deadlines_of, due_us
from cases.standing import Standing
from registry import Policy

CASE = {"look_by": "1970-01-04T00:00:00Z", "decide_by": "1970-01-10T00:00:00Z"}


def test_a_new_case_is_looked_at_after_a_third_of_the_time_to_decide() -> None:
    assert due_us(CASE, 0, Standing()) == 3 * DAY_US
    assert due_us(CASE, 0, Standing(state="asked")) == 9 * DAY_US
    assert due_us({}, DAY_US, Standing(state="in-review")) == (1 + Policy().tier_3_days) * DAY_US
    assert due_us({}, DAY_US, Standing()) == (1 + Policy().tier_3_days / 3) * DAY_US


def test_the_policy_says_what_part_of_the_time_the_first_look_has() -> None:
    found = deadlines_of(DAY_US, 8, Policy(look_share=0.25))
    assert found == Deadlines(3 * DAY_US, 9 * DAY_US)


def test_nothing_is_due_of_what_is_closed() -> None:
    assert due_us(CASE, 0, Standing(state="dismissed")) is None
