from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.errors import CodeError
from codes.print_reports import Outcome, PrintedRanges, PrintRange, check_ranges, parse_range

RANGES = st.builds(
    lambda first, length, outcome: PrintRange(first, first + length, outcome),
    st.integers(0, 60),
    st.integers(0, 30),
    st.sampled_from(get_args(Outcome)),
)


@given(st.lists(RANGES, max_size=12))
def test_of_two_reports_on_one_index_the_later_counts(ranges: list[PrintRange]) -> None:
    by_index: dict[int, Outcome] = {}
    for told in ranges:
        by_index.update(dict.fromkeys(range(told.first_index, told.last_index + 1), told.outcome))
    printed = PrintedRanges(ranges)
    assert [printed.outcome_of(index) for index in range(-1, 95)] == [
        by_index.get(index) for index in range(-1, 95)
    ]


def test_a_hundred_thousand_ranges_of_a_billion_codes_cost_no_row_for_each() -> None:
    told = [PrintRange(n * 10_000, n * 10_000 + 9_999, "printed") for n in range(100_000)]
    printed = PrintedRanges([*told, PrintRange(5, 999_999_000, "spoiled")])
    assert printed.outcome_of(4) == "printed"
    assert printed.outcome_of(500_000_000) == "spoiled"
    assert printed.outcome_of(999_999_999) == "printed"


@pytest.mark.parametrize(("text", "ends"), [("12", (12, 12)), ("0-499", (0, 499))])
def test_a_range_is_one_index_or_two(text: str, ends: tuple[int, int]) -> None:
    assert parse_range(text) == ends


@pytest.mark.parametrize("text", ["", "-", "1-", "-1", "a", "1-2-3", "٣", "1" * 21])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(CodeError):
        parse_range(text)


@pytest.mark.parametrize(
    ("first", "last", "right"), [(10, 14, True), (9, 14, False), (10, 15, False), (12, 11, False)]
)
def test_ranges_lie_within_their_job(first: int, last: int, right: bool) -> None:
    ranges = [PrintRange(10, 10, "lost"), PrintRange(first, last, "printed")]
    if right:
        check_ranges(ranges, 10, 5)
        return
    with pytest.raises(CodeError) as caught:
        check_ranges(ranges, 10, 5)
    assert caught.value.field == "ranges.1"


def test_the_same_range_twice_in_a_report_is_refused() -> None:
    with pytest.raises(CodeError, match="twice"):
        check_ranges([PrintRange(1, 2, "lost")] * 2, 0, 5)
