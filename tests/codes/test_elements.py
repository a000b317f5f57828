from datetime import date

import pytest
from biip import ParseError
from biip.gs1_element_strings import GS1ElementString
from hypothesis import given
from hypothesis import strategies as st

from codes import elements
from codes.application_identifiers import AI_LENGTH_BY_PREFIX, PRIMARY_KEYS, TABLE
from codes.checksums import CHARSET_82, check_pair
from codes.errors import CodeError
from codes.linters import LINTERS

GTIN = "09506000134352"

ACCEPTED = [
    ("00", "106141412345678908"),
    ("03", "09506000134352"),
    ("11", "240229"),
    ("17", "000229"),
    ("17", "271200"),
    ("253", "9506000134376"),
    ("253", "9506000134376A_"),
    ("255", "9506000134376123456789012"),
    ("3103", "000195"),
    ("3910", "9781"),
    ("402", "06141411234567890"),
    ("421", "1565"),
    ("423", "156840"),
    ("4307", "CN"),
    ("4309", "18000000003600000000"),
    ("4300", "A%20B"),
    ("4324", "2712002359"),
    ("4330", "000032"),
    ("4330", "000032-"),
    ("7003", "2712310000"),
    ("7007", "271231"),
    ("7007", "271130271231"),
    ("7011", "2712312359"),
    ("7030", "999X"),
    ("7040", "1AB_"),
    ("7041", "201"),
    ("7241", "80"),
    ("7250", "19000228"),
    ("7251", "200002290930"),
    ("7252", "9"),
    ("7258", "2/3"),
    ("8001", "00010000100190"),
    ("8003", "09506000134376X"),
    ("8006", "095060001343520102"),
    ("8007", "BE71096123456769"),
    ("8008", "27123109"),
    ("8008", "271231093059"),
    ("8010", "9506#A-/Z"),
    ("8011", "1"),
    ("8013", "1987654Ad4X4bL5ttr2310c2K"),
    ("8014", "1987654Ad4X4bL5ttr2310c2K"),
    ("8030", "Ab-_"),
    ("8030", "12="),
    ("8110", "012345612345611110123"),
    ("8112", "001234561234560123456"),
    ("90", "\"!%&'()*+,-./_:;<=>?"),
    ("99", "x" * 90),
]

REFUSED = [
    ("00", "106141412345678909"),
    ("04", "1"),
    ("11", "230229"),
    ("11", "231301"),
    ("20", "1"),
    ("21", ""),
    ("21", "a" * 21),
    ("21", "a^b"),
    ("21", "ä"),
    ("3910", "0001"),
    ("3910", "978"),
    ("401", "95A6"),
    ("421", "000X"),
    ("423", "15684"),
    ("423", "156999"),
    ("4307", "XX"),
    ("4309", "18000000010000000000"),
    ("4309", "00000000003600000001"),
    ("4300", "A%2"),
    ("4321", "2"),
    ("4326", "271200"),
    ("4330", "000032+"),
    ("7003", "2712312400"),
    ("7007", "27123127"),
    ("7040", "1AB+"),
    ("7041", "200X"),
    ("7241", "11"),
    ("7250", "19000229"),
    ("7252", "3"),
    ("7258", "3/2"),
    ("7258", "0/2"),
    ("8001", "00000000100190"),
    ("8001", "00010000100120"),
    ("8003", "19506000134376"),
    ("8006", "095060001343520302"),
    ("8006", "095060001343520001"),
    ("8007", "BE71096123456760"),
    ("8007", "XX71096123456769"),
    ("8007", "be71096123456769"),
    ("8007", "BE71"),
    ("8008", "2712312460"),
    ("8010", "9506a"),
    ("8011", "01"),
    ("8013", "1987654Ad4X4bL5ttr2310cXK"),
    ("8014", "1987" + check_pair("1987")[:1] + "1"),
    ("8030", "123="),
    ("8030", "1==="),
    ("8110", "0123456123456111101234"),
    ("8110", "71234561234561111012"),
    ("8112", "201234561234560123456"),
]


@pytest.mark.parametrize(("ai", "value"), ACCEPTED)
def test_what_the_dictionary_allows_is_taken_as_it_is(ai: str, value: str) -> None:
    assert elements.problem(ai, value) is None
    assert elements.validate(ai, value) == value


@pytest.mark.parametrize(("ai", "value"), REFUSED)
def test_what_the_dictionary_does_not_allow_is_refused_with_its_ai(ai: str, value: str) -> None:
    with pytest.raises(CodeError) as caught:
        elements.validate(ai, value)
    assert caught.value.field == ai
    assert caught.value.detail


@pytest.mark.parametrize(
    ("ai", "written", "value"),
    [
        ("01", "0 9506000 134352", GTIN),
        ("10", " L-1 2 ", "L-1 2"),
        ("17", "27-12-31", "271231"),
        ("21", " A1", "A1"),
        ("00", "1 0614141 234567890 8", "106141412345678908"),
    ],
)
def test_a_value_is_compacted_as_its_identifier_allows(ai: str, written: str, value: str) -> None:
    assert elements.compact(ai, written) == value


def test_the_table_holds_every_ai_that_gs1_defines() -> None:
    assert len(TABLE) == 541
    keys = "00 01 253 255 401 402 414 415 417 8003 8004 8006 8010 8013 8017 8018"
    assert " ".join(sorted(PRIMARY_KEYS)) == keys


def test_ais_that_begin_alike_are_equally_long() -> None:
    assert all(len(ai) == AI_LENGTH_BY_PREFIX[ai[:2]] for ai in TABLE)


def test_every_linter_that_the_table_names_is_there_and_used() -> None:
    named = {name for entry in TABLE.values() for part in entry.components for name in part.linters}
    assert named | {"yyyymmd0"} == set(LINTERS)


def test_no_component_follows_one_of_variable_length_and_only_the_last_are_optional() -> None:
    for entry in TABLE.values():
        for before, after in zip(entry.components, entry.components[1:], strict=False):
            assert before.optional <= after.optional
            assert before.optional or before.shortest == before.longest


@given(st.sampled_from(sorted(TABLE)), st.text(alphabet=CHARSET_82 + "^ ä\0٣", max_size=95))
def test_any_value_gets_an_answer(ai: str, value: str) -> None:
    assert elements.is_valid(ai, value) == (elements.problem(ai, value) is None)


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2070, 12, 31)), st.integers(-2, 2))
def test_another_parser_agrees_on_dates(day: date, shift: int) -> None:
    text = f"{int(f'{day:%y%m%d}') + shift:06}"
    try:
        GS1ElementString.extract("17" + text)
    except ParseError:
        taken = False
    else:
        taken = True
    assert elements.is_valid("17", text) == taken
