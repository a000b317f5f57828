"""Where a dealer may sell: what was in force when it happened, as known when it was received."""

from datetime import UTC, datetime, timedelta

from events.timed import microseconds
from registry import Authority, RegistryRows, Window
from registry.model import Authorisation, Dealer, Permit, Territory
from tests.rules.world import GTIN, box

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NOW = 2**61


def day(number: float) -> datetime:
    return T0 + timedelta(days=number)


def us(number: float) -> int:
    return microseconds(day(number))


def row(key: str, dealer: str, areas: list[str], start: float, end: float | None = None,
        recorded: float | None = None) -> Authorisation:
    return Authorisation(
        authorisation_id=key, dealer_id=dealer, gtins="all", territory_ids=areas, exclusive=False,
        valid_from=day(start), valid_to=None if end is None else day(end),
        recorded_at=None if recorded is None else day(recorded),
    )


def authority(*rows: Authorisation, permits: tuple[Permit, ...] = ()) -> Authority:
    return Authority(
        RegistryRows(
            dealers=(
                Dealer(dealer_id="P", gln="9506000100067", name="Parent"),
                Dealer(dealer_id="C", gln="9506000100098", name="Child", parent_id="P"),
            ),
            territories=tuple(
                Territory(territory_id=name, name=name, version=1, geometry=box(0.0, 1.0))
                for name in "XYZ"
            ),
            authorisations=rows,
            permits=permits,
        )
    )


def names(found: object) -> set[str] | None:
    if found is None:
        return None
    return {t for clause in found for union in clause for t, _ in union}  # type: ignore[attr-defined]


def at(number: float, received: float | None = None) -> Window:
    return Window(us(number), us(number), us(number if received is None else received))


def test_a_dealer_never_given_anything_has_no_area_to_be_outside_of() -> None:
    assert authority(row("a", "P", ["X"], 0)).where("nobody", GTIN, at(5), NOW) is None


def test_an_interval_holds_its_begin_and_not_its_end() -> None:
    found = authority(row("a", "P", ["X"], 1, 200))
    late = 199.9
    assert names(found.where("P", GTIN, at(0.9), NOW)) == set()
    assert names(found.where("P", GTIN, at(1), NOW)) == {"X"}
    assert names(found.where("P", GTIN, at(200, received=200), NOW)) == set()
    assert names(found.where("P", GTIN, at(late), NOW)) == {"X"}


def test_goods_received_before_the_end_may_be_sold_for_ninety_days_more() -> None:
    found = authority(row("a", "P", ["X"], 0, 10))
    assert names(found.where("P", GTIN, at(99, received=9), NOW)) == {"X"}
    assert names(found.where("P", GTIN, at(101, received=9), NOW)) == set()
    assert names(found.where("P", GTIN, at(50, received=11), NOW)) == set()


def test_some_time_between_receipt_and_scan_is_enough() -> None:
    found = authority(row("a", "P", ["X"], 0, 10), row("b", "P", ["Y"], 20))
    assert names(found.where("P", GTIN, Window(us(5), us(30), us(5)), NOW)) == {"X", "Y"}


def test_a_sub_dealer_inherits_until_its_own_rows_begin_and_cannot_exceed_its_parent() -> None:
    found = authority(row("a", "P", ["X", "Y"], 0), row("b", "C", ["Y", "Z"], 10))
    assert names(found.where("C", GTIN, at(5), NOW)) == {"X", "Y"}
    (clause,) = found.where("C", GTIN, at(15), NOW) or ()
    assert {tuple(t for t, _ in union) for union in clause} == {("X", "Y"), ("Y", "Z")}


def test_a_row_counts_once_it_was_recorded() -> None:
    found = authority(row("a", "P", ["X"], 0), row("b", "P", ["Y"], 0, recorded=20))
    assert names(found.where("P", GTIN, at(5), us(19))) == {"X"}
    assert names(found.where("P", GTIN, at(5), us(20))) == {"X", "Y"}


def test_of_one_id_the_row_recorded_last_counts() -> None:
    found = authority(row("a", "P", ["X"], 0), row("a", "P", ["Y"], 0, recorded=20))
    assert names(found.where("P", GTIN, at(5), us(21))) == {"Y"}


def test_a_permit_clears_only_what_happens_after_it_was_recorded() -> None:
    permit = Permit(
        permit_id="p", dealer_id="P", gtins="all", territory_ids=["Z"], valid_from=day(0),
        valid_to=day(30), recorded_at=day(10),
    )
    found = authority(row("a", "P", ["X"], 0), permits=(permit,))
    assert names(found.where("P", GTIN, at(9), NOW)) == {"X"}
    assert names(found.where("P", GTIN, at(11), NOW)) == {"X", "Z"}
    assert names(found.where("P", GTIN, at(30), NOW)) == {"X"}


def test_equal_areas_are_one_key_however_often_something_is_learned() -> None:
    later = [row(f"b{number}", "C", ["X"], number, recorded=number) for number in (3, 6)]
    asked = authority(row("a", "P", ["X", "Y"], 0), *later)
    keys = [asked.where("P", GTIN, at(number), us(number)) for number in (2, 4, 8)]
    assert keys[0] is not None
    assert all(key is keys[0] for key in keys)
