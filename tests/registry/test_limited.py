"""Permits by what they may clear: none that clears a use is left out, whenever it is asked."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from events.timed import microseconds
from registry.allotment import Use, clears
from registry.authority import ANY_PRODUCT
from registry.limited import LimitedPermits
from registry.model import Permit

T0 = datetime(2026, 1, 1, tzinfo=UTC)
GTINS = ["09506000134352", "09506000134369", "09506000134376"]
DAYS = st.integers(0, 12)


@st.composite
def permits(draw: st.DrawFn) -> Permit:
    named: list[str] | Literal["all"] = draw(
        st.lists(st.sampled_from(GTINS[:2]), min_size=1, max_size=2) | st.just("all")
    )
    begins = draw(DAYS)
    return Permit(
        permit_id=draw(st.sampled_from("pqr")),
        dealer_id=draw(st.sampled_from("DE")),
        gtins=named,
        territory_ids=draw(st.lists(st.sampled_from("XYZ"), min_size=1, max_size=2)),
        valid_from=T0 + timedelta(days=begins),
        valid_to=T0 + timedelta(days=begins + draw(st.integers(1, 6))),
        quantity=draw(st.none() | st.just(3)),
        recorded_at=draw(st.none() | DAYS.map(lambda day: T0 + timedelta(days=day))),
    )


@given(
    st.lists(permits(), max_size=8),
    st.sampled_from("DEF"),
    st.lists(st.tuples(DAYS, st.sampled_from(GTINS), st.sampled_from("XYZ")), max_size=6),
)
def test_what_clears_a_use_is_found_by_its_product_and_time(
    rows: list[Permit], dealer_id: str, asked: list[tuple[int, str, str]]
) -> None:
    limited = LimitedPermits(rows)
    own = [row for row in rows if row.dealer_id == dealer_id]
    assert (dealer_id in limited) == any(row.quantity is not None for row in own)
    if dealer_id not in limited:
        own = []
    for day, gtin, territory_id in asked:
        use = Use(microseconds(T0 + timedelta(days=day)), "e", "unit", gtin, territory_id)
        clearing = {row.permit_id for row in own if clears(row, use)}
        for product in (gtin, ANY_PRODUCT):
            found = limited.at(dealer_id, use.at_us, product)
            assert clearing <= {row.permit_id for row in found.rows}
            ids = {row.permit_id for row in found.rows}
            assert list(found.rows) == [row for row in own if row.permit_id in ids]
            assert {t for row in found.rows for t in row.territory_ids} == found.territory_ids


def test_a_permit_that_is_over_or_for_another_product_is_not_asked() -> None:
    row = Permit(
        permit_id="p", dealer_id="D", gtins=GTINS[:1], territory_ids=["X"], valid_from=T0,
        valid_to=T0 + timedelta(days=2), quantity=5, recorded_at=T0 + timedelta(days=1),
    )  # fmt: skip
    limited = LimitedPermits([row])
    noon = microseconds(T0 + timedelta(days=1.5))
    assert limited.at("D", noon, GTINS[0]).rows == (row,)
    assert limited.at("D", noon, GTINS[1]).rows == ()
    for day in (0.5, 2.0):
        assert limited.at("D", microseconds(T0 + timedelta(days=day))).rows == ()
