"""Exclusive authorisations that overlap: in area, product, channel and time, or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from registry import RegistryRows
from registry.model import Authorisation, Dealer, Territory
from registry.overlaps import overlaps
from tests.rules.world import GTIN, box

T0 = datetime(2026, 1, 1, tzinfo=UTC)
OTHER_GTIN = "09506000134369"


def day(number: float) -> datetime:
    return T0 + timedelta(days=number)


def row(key: str, dealer: str, *areas: str, **members: Any) -> Authorisation:
    given: dict[str, Any] = {"gtins": "all", "exclusive": True, "valid_from": day(0)}
    return Authorisation(
        authorisation_id=key, dealer_id=dealer, territory_ids=list(areas), **(given | members)
    )


def rows(*authorisations: Authorisation, territories: tuple[Territory, ...] = ()) -> RegistryRows:
    """Dealers P, its child C, C's child G and a stranger S; WEST and EAST share a border, MIDDLE
    lies across it, EDGE reaches a hair into EAST."""
    return RegistryRows(
        dealers=(
            Dealer(dealer_id="P", gln="9506000100067", name="Parent"),
            Dealer(dealer_id="C", gln="9506000100098", name="Child", parent_id="P"),
            Dealer(dealer_id="G", gln="9506000100104", name="Grandchild", parent_id="C"),
            Dealer(dealer_id="S", gln="9506000100111", name="Stranger"),
        ),
        territories=(
            Territory(territory_id="WEST", name="W", version=1, geometry=box(0, 10)),
            Territory(territory_id="EAST", name="E", version=1, geometry=box(10, 20)),
            Territory(territory_id="MIDDLE", name="M", version=1, geometry=box(9, 11)),
            Territory(territory_id="EDGE", name="X", version=1, geometry=box(5, 10.004)),
            *territories,
        ),
        authorisations=authorisations,
    )


def pairs(
    known: RegistryRows, fresh: list[str] | None = None, **more: Any
) -> list[tuple[str, str]]:
    found = overlaps(known, fresh, **more)
    return [(o.authorisation_id, o.other_id) for o in found]


def test_the_same_territory_twice_is_found_with_both_ids() -> None:
    (found,) = overlaps(rows(row("a", "P", "WEST"), row("b", "S", "WEST")))
    assert (found.authorisation_id, found.other_id) == ("a", "b")
    assert found.as_dict()["type"] == "exclusive-overlap"
    assert "a (P) and b (S)" in found.detail


def test_areas_overlap_by_geometry_and_not_by_name() -> None:
    (found,) = overlaps(rows(row("a", "P", "WEST"), row("b", "S", "MIDDLE")))
    ((area),) = found.areas
    assert (area.territory_id, area.other_id) == ("WEST", "MIDDLE")
    assert area.km2 == pytest.approx(111.2 * 1105, rel=0.02)


def test_neighbours_and_slivers_do_not_overlap() -> None:
    assert pairs(rows(row("a", "P", "WEST"), row("b", "S", "EAST"))) == []
    edge = rows(row("a", "P", "EAST"), row("b", "S", "EDGE"))
    assert pairs(edge) == []
    assert pairs(edge, min_share=1e-6) == [("a", "b")]


@pytest.mark.parametrize(
    ("mine", "other", "found"),
    [
        ({"exclusive": False}, {"exclusive": False}, False),
        ({"exclusive": False}, {}, True),
        ({}, {"exclusive": False}, True),
        ({"gtins": [GTIN]}, {"gtins": [OTHER_GTIN]}, False),
        ({"gtins": [GTIN]}, {"gtins": [OTHER_GTIN, GTIN]}, True),
        ({"gtins": []}, {}, False),
        ({"channels": ["offline"]}, {"channels": ["online"]}, False),
        ({"channels": ["offline"]}, {}, True),
        ({"valid_to": day(5)}, {"valid_from": day(5)}, False),
        ({"valid_to": day(5)}, {"valid_from": day(4)}, True),
    ],
)
def test_product_channel_time_and_exclusiveness_all_count(
    mine: dict[str, Any], other: dict[str, Any], found: bool
) -> None:
    known = rows(row("a", "P", "WEST", **mine), row("b", "S", "WEST", **other))
    assert (pairs(known) == [("a", "b")]) == found


def test_a_line_of_supply_is_excepted_and_siblings_are_not() -> None:
    for one, other in (("P", "C"), ("G", "P"), ("S", "S")):
        assert pairs(rows(row("a", one, "WEST"), row("b", other, "WEST"))) == []
    known = rows(row("a", "C", "WEST"), row("b", "T", "WEST"))
    sibling = Dealer(dealer_id="T", gln="9506000100128", name="Sibling", parent_id="P")
    siblings = replace(known, dealers=(*known.dealers, sibling))
    assert pairs(siblings) == [("a", "b")]


def test_only_what_is_asked_about_is_looked_at_and_a_pair_once() -> None:
    known = rows(row("a", "P", "WEST"), row("b", "S", "WEST"), row("c", "Q", "WEST"))
    assert pairs(known) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs(known, ["b"]) == [("b", "a"), ("b", "c")]
    assert pairs(known, ["b", "c"]) == [("b", "a"), ("b", "c"), ("c", "a")]


def test_the_row_recorded_last_counts() -> None:
    ended = row("b", "S", "WEST", valid_to=day(1), recorded_at=day(9))
    known = rows(row("a", "P", "WEST", valid_from=day(2)), row("b", "S", "WEST"), ended)
    assert pairs(known) == []


def test_the_version_in_force_within_the_shared_time_counts() -> None:
    moved = Territory(
        territory_id="EAST", name="E", version=2, geometry=box(9, 20), valid_from=day(30)
    )
    early = rows(
        row("a", "P", "WEST", valid_to=day(20)), row("b", "S", "EAST"), territories=(moved,)
    )
    late = rows(row("a", "P", "WEST"), row("b", "S", "EAST"), territories=(moved,))
    assert pairs(early) == []
    assert pairs(late) == [("a", "b")]
