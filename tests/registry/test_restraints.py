"""The table of possible restraints: what the built-in rules say, and how a table is refused."""

from pathlib import Path
from typing import Any

import pytest

from registry import RegistryRows
from registry.model import Authorisation, Money, Permit, Product, Territory
from registry.restraints import BUILT_IN, RestraintsError, cautions_of, read_restraints
from tests.registry.test_overlaps import T0, day
from tests.rules.world import GTIN

TABLE = read_restraints()
PLACES = {"FR": (2.0, 47.0), "CN-320100": (118.7, 32.0), "UTAH": (-111.5, 39.0), "X1": (10.0, 50.0)}


def territory(name: str) -> Territory:
    x, y = PLACES[name]
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return Territory(
        territory_id=name, name=name, version=1, geometry={"type": "Polygon", "coordinates": [ring]}
    )


def rows(*granted: Authorisation | Permit, floor: bool = False) -> RegistryRows:
    price = Money(amount="9.90", currency="EUR") if floor else None
    return RegistryRows(
        products=(Product(gtin=GTIN, name="P", floor_price=price),),
        territories=tuple(territory(name) for name in PLACES),
        authorisations=tuple(row for row in granted if isinstance(row, Authorisation)),
        permits=tuple(row for row in granted if isinstance(row, Permit)),
    )


def authorisation(*areas: str, key: str = "a", dealer: str = "D", **members: Any) -> Authorisation:
    given: dict[str, Any] = {"gtins": [GTIN], "exclusive": False, "valid_from": T0}
    return Authorisation(
        authorisation_id=key, dealer_id=dealer, territory_ids=list(areas), **(given | members)
    )


def said(known: RegistryRows, *fresh: str) -> list[str]:
    return [caution.rule.id for caution in cautions_of(TABLE, known, fresh or ("a",))]


def test_an_exclusive_territory_in_the_eu_warns_of_passive_sales() -> None:
    assert said(rows(authorisation("FR", exclusive=True))) == ["eu-passive-sales"]
    assert said(rows(authorisation("X1", exclusive=True))) == ["eu-passive-sales"]
    assert said(rows(authorisation("FR"))) == []
    assert said(rows(authorisation("UTAH", exclusive=True), floor=True)) == []


def test_a_floor_price_is_resale_price_fixing_in_the_eu_and_in_china() -> None:
    assert said(rows(authorisation("FR", "UTAH"), floor=True)) == ["eu-resale-price"]
    assert said(rows(authorisation("CN-320100", gtins="all"), floor=True)) == ["cn-resale-price"]
    (caution,) = cautions_of(TABLE, rows(authorisation("FR", "UTAH"), floor=True), ["a"])
    assert caution.territory_ids == ("FR",)
    assert caution.as_dict()["authorisation_id"] == "a"
    assert "2022/720" in caution.as_dict()["law"]


def test_a_product_that_gets_a_floor_price_warns_for_those_who_may_sell_it() -> None:
    known = rows(authorisation("FR", exclusive=True), floor=True)
    found = cautions_of(TABLE, known, [], [GTIN])
    assert [caution.rule.id for caution in found] == ["eu-resale-price"]


def test_channels_without_the_internet_and_permits_warn_in_the_eu() -> None:
    assert said(rows(authorisation("FR", channels=["offline"]))) == ["eu-online-sales"]
    assert said(rows(authorisation("FR", channels=["offline", "online"]))) == []
    permit = Permit(
        permit_id="p", dealer_id="D", gtins="all", territory_ids=["FR"], valid_from=T0,
        valid_to=day(9),
    )  # fmt: skip
    assert said(rows(permit), "p") == ["eu-permit"]


def test_the_sixth_exclusive_distributor_of_a_territory_is_one_too_many() -> None:
    dealers = [authorisation("FR", key=k, dealer=k, exclusive=True) for k in "abcdef"]
    assert said(rows(*dealers[:5])) == ["eu-passive-sales"]
    assert said(rows(*dealers)) == ["eu-passive-sales", "eu-too-many-exclusive"]


def test_every_built_in_rule_speaks_two_languages_and_names_its_law() -> None:
    assert len({rule.id for rule in TABLE.rules}) == len(TABLE.rules)
    for rule in TABLE.rules:
        assert rule.law
        assert rule.en
        assert any("\u4e00" <= letter <= "\u9fff" for letter in rule.zh)


@pytest.mark.parametrize(
    "text",
    [
        "rules = 3",
        "[[rules]]\nid = 'x'",
        "[[rules]]\nid='x'\nof='authorisation'\nlaw='l'\nen='e'\nzh='z'\nplace='Nowhere'",
        "[[rules]]\nid='x'\nof='authorisation'\nlaw='l'\nen='e'\nzh='z'\nexclusif=true",
        "= broken",
    ],
)
def test_a_table_that_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(RestraintsError) as caught:
        read_restraints(file)
    assert caught.value.type == "restraints-invalid"


def test_counsel_may_edit_a_copy(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = BUILT_IN.read_text(encoding="utf-8")
    file.write_text(text.replace('territory_ids = ["GB*", "UK*"]', 'territory_ids = ["UTAH"]'))
    known = rows(authorisation("UTAH", exclusive=True))
    assert [c.rule.id for c in cautions_of(read_restraints(file), known, ["a"])] == [
        "uk-passive-sales"
    ]
