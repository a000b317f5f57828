"""By when a case is to be looked at, and decided."""

from cases.deadlines import DAY_US, DAYS_TO_DECIDE, due_us
from cases.standing import Standing

CASE = {"decide_by": "1970-01-10T00:00:00Z"}


def test_a_new_case_is_looked_at_after_a_third_of_the_time_to_decide() -> None:
    assert due_us(CASE, 0, Standing()) == 3 * DAY_US
    assert due_us(CASE, 0, Standing(state="asked")) == 9 * DAY_US
    assert due_us({}, DAY_US, Standing(state="in-review")) == (1 + DAYS_TO_DECIDE) * DAY_US


def test_nothing_is_due_of_what_is_closed() -> None:
    assert due_us(CASE, 0, Standing(state="dismissed")) is None
