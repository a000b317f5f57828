"""A permit's quantity: counted once a unit, at its first use, whatever the order of arrival."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from events.timed import microseconds
from registry.allotment import Allotted, Use, allotted, clears, goods_in, take_goods, take_item
from registry.model import Permit

T0 = datetime(2026, 1, 1, tzinfo=UTC)
GTIN = "09506000134352"


def permit(key: str = "p", *, quantity: int | None, to: float = 30, recorded: float = 0) -> Permit:
    return Permit(
        permit_id=key, dealer_id="D", gtins=[GTIN], territory_ids=["X", "Y"], valid_from=T0,
        valid_to=T0 + timedelta(days=to), quantity=quantity,
        recorded_at=T0 + timedelta(days=recorded),
    )  # fmt: skip


def use(unit: str, day: float, *, items: int = 1, area: str = "X", gtin: str = GTIN) -> Use:
    at = microseconds(T0 + timedelta(days=day))
    return Use(at, f"{unit}@{day}", unit, gtin, area, items)


def test_the_first_units_go_under_it_and_the_rest_do_not() -> None:
    uses = [use("c", 3), use("a", 1), use("b", 2)]
    assert allotted([permit(quantity=2)], uses) == {"a": "p", "b": "p"}
    assert allotted([permit(quantity=None)], uses).keys() == {"a", "b", "c"}
    assert allotted([permit(quantity=0)], uses) == {}


def test_a_unit_counts_once_however_often_it_is_seen() -> None:
    uses = [use("a", 1), use("a", 2, area="Y"), use("a", 3), use("b", 4)]
    assert allotted([permit(quantity=2)], uses).keys() == {"a", "b"}


def test_a_case_counts_its_items_and_goes_wholly_or_not() -> None:
    uses = [use("case", 1, items=8), use("big", 2, items=3), use("one", 3), use("two", 4)]
    assert allotted([permit(quantity=10)], uses).keys() == {"case", "one", "two"}


def test_it_speaks_only_of_its_products_places_and_times() -> None:
    row = permit(quantity=5, recorded=10)
    assert clears(row, use("a", 10))
    assert not clears(row, use("a", 9.9))
    assert not clears(row, use("a", 30))
    assert not clears(row, use("a", 11, area="Z"))
    assert not clears(row, use("a", 11, gtin="00000000000000"))


def test_what_one_permit_has_no_room_for_goes_under_another() -> None:
    rows = [permit("late", quantity=1, to=20), permit("soon", quantity=1, to=10)]
    uses = [use("a", 1), use("b", 2), use("c", 3)]
    assert allotted(rows, uses) == {"a": "soon", "b": "late"}


@given(data=st.data(), quantity=st.integers(0, 6))
def test_order_and_doubles_of_uses_change_nothing(data: st.DataObject, quantity: int) -> None:
    uses = data.draw(
        st.lists(
            st.builds(
                use,
                st.sampled_from("abcdef"), st.integers(-2, 32), items=st.integers(1, 3),
                area=st.sampled_from("XYZ"),
            ),
            max_size=12,
        )
    )  # fmt: skip
    uses = list({u.identity: u for u in uses}.values())
    rows = [permit("p", quantity=quantity), permit("q", quantity=2, to=9)]
    wanted = allotted(rows, uses)
    shuffled = data.draw(st.permutations(uses + uses[:3]))
    assert allotted(rows, shuffled) == wanted
    for row in rows:
        assert list(wanted.values()).count(row.permit_id) <= (row.quantity or 0)


@given(told=st.lists(st.integers(-1, 5), max_size=10), quantity=st.integers(0, 9))
def test_items_by_themselves_and_in_their_case_count_once_in_any_order(
    told: list[int], quantity: int
) -> None:
    """Of a case of six: each of its items by number, and -1 for the whole."""
    so_far, rows, covered = Allotted(), [permit("p", quantity=quantity)], set[int]()
    for day, number in enumerate(told):
        if number < 0:
            found = take_goods(so_far, rows, use(goods_in("case", GTIN), day, items=6))
            covered |= set(range(6)) if found else set()
        elif take_item(so_far, rows, use(f"i{number}", day), "case"):
            covered.add(number)
        else:
            assert number not in covered
    assert so_far.used.get("p", 0) == len(covered) <= quantity
