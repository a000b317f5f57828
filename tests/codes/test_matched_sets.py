from datetime import UTC, datetime
from itertools import count

import pytest

from codes.errors import CodeError
from codes.matched_sets import matched_sets, packing_event
from custody.step import read_step
from events.model import ItemEvent

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
CASE = "HTTPS://B.EXAMPLE/00/095060000000000015?TW=K1.X"
ITEMS = [f"HTTPS://B.EXAMPLE/01/09506000134352/21/A{n}?17=271231" for n in range(3)]


def test_a_matched_set_fills_case_after_case_and_takes_only_the_cases_that_it_needs() -> None:
    cases = count(10)
    assert list(matched_sets("abcde", cases, 2)) == [
        (10, ["a", "b"]),
        (11, ["c", "d"]),
        (12, ["e"]),
    ]
    assert next(cases) == 13


@pytest.mark.parametrize(("cases", "size"), [(["X"], 1), (["X", "Y"], 0)])
def test_items_that_fit_no_case_are_refused(cases: list[str], size: int) -> None:
    with pytest.raises(CodeError):
        list(matched_sets(["a", "b"], cases, size))


def test_a_packing_event_is_one_that_custody_reads() -> None:
    event = packing_event(CASE, ITEMS, packed_at=AT)
    read = ItemEvent(event_id=event["eventID"], received_at=AT, event=event)
    step, roles = read_step(read)
    assert (step.action, step.biz_step, step.parent) == (
        "ADD",
        "packing",
        "https://id.gs1.org/00/095060000000000015",
    )
    children = {epc for epc, role in roles.items() if role == "child"}
    assert children == {f"https://id.gs1.org/01/09506000134352/21/A{n}" for n in range(3)}
    assert packing_event(CASE, ITEMS, packed_at=AT)["eventID"] == event["eventID"]
