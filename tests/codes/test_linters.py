"""Each linter against the rule that GS1 gives it, over all of its range where that is small."""

import calendar
from collections.abc import Iterable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes import elements, linters
from codes.application_identifiers import TABLE
from codes.checksums import CHARSET_82, check_digit, check_pair
from codes.digital_link import encode as percent
from codes.digital_link import is_valid, parse

GTIN = "09506000134352"
ALPHABET_39 = "#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE64_URL = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
ASCII = [chr(code) for code in range(1, 128)]


def taken(ai: str, values: Iterable[str]) -> list[str]:
    return [value for value in values if elements.is_valid(ai, value)]


def numbers(digits: int) -> list[str]:
    return [f"{number:0{digits}}" for number in range(10**digits)]


@pytest.mark.parametrize("month", range(1, 13))
def test_a_date_of_two_digits_is_one_of_the_calendar_and_ai_17_takes_day_00(month: int) -> None:
    for year in (0, 23, 24, 99):
        last = calendar.monthrange(2000 + year, month)[1]
        days = [f"{day:02}" for day in range(100)]
        values = [f"{year:02}{month:02}{day}" for day in days]
        assert taken("17", values) == values[: last + 1]
        assert taken("7006", values) == values[1 : last + 1]


@pytest.mark.parametrize("month", ["00", "13", "20", "99"])
def test_a_month_lies_between_01_and_12(month: str) -> None:
    assert not taken("11", [f"24{month}01"])
    assert not taken("7250", [f"1990{month}01"])


@pytest.mark.parametrize(
    ("year", "leap"), [("1900", False), ("2000", True), ("2024", True), ("2100", False)]
)
def test_a_date_of_four_digits_knows_the_centuries_leap_years(year: str, leap: bool) -> None:
    assert elements.is_valid("7250", f"{year}0229") is leap
    assert not elements.is_valid("7250", f"{year}0200")


def test_hours_minutes_and_seconds_end_at_23_and_59() -> None:
    pairs = numbers(2)
    assert taken("7003", [f"271231{hour}00" for hour in pairs]) == [
        f"271231{hour:02}00" for hour in range(24)
    ]
    assert len(taken("7011", [f"27123100{minute}" for minute in pairs])) == 60
    assert len(taken("8008", [f"271231{hour}" for hour in pairs])) == 24
    assert len(taken("8008", [f"27123100{minute}" for minute in pairs])) == 60
    assert len(taken("8008", [f"2712310000{second}" for second in pairs])) == 60


@pytest.mark.parametrize(
    ("ai", "value"),
    [("8008", "2712310"), ("8008", "271231093"), ("7011", "27123109"), ("7007", "2712312712")],
)
def test_an_optional_part_is_whole_or_not_there(ai: str, value: str) -> None:
    assert not elements.is_valid(ai, value)


def test_one_digit_codes_are_those_of_their_lists() -> None:
    assert taken("7252", numbers(1)) == ["0", "1", "2", "9"]
    assert taken("4321", numbers(1)) == ["0", "1"]
    frame = "000100001001"
    assert [d for d in numbers(1) if elements.is_valid("8001", f"{frame}{d}0")] == ["0", "1", "9"]


def test_media_types_are_those_assigned_and_those_for_local_use() -> None:
    assert taken("7241", numbers(2)) == [f"{n:02}" for n in (*range(1, 11), *range(80, 100))]


def test_countries_are_iso_3166s_by_number_and_by_letters() -> None:
    by_number = taken("422", numbers(3))
    assert len(by_number) == 249
    assert {"156", "826", "840", "276", "728", "729"} <= set(by_number)
    assert not {"000", "280", "736", "810", "999"} & set(by_number)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    by_letters = taken("4307", [a + b for a in letters for b in letters])
    assert len(by_letters) == 249
    assert {"CN", "GB", "SS"} <= set(by_letters)
    assert not {"UK", "EU", "XX", "AN"} & set(by_letters)
    assert not taken("4307", ["cn", "C1"])
    assert taken("7030", ["156X", "999X", "998X", "156"]) == ["156X", "999X"]


def test_every_country_of_a_list_of_countries_is_one() -> None:
    assert taken("423", ["156", "156840", "156840276276826"]) == [
        "156",
        "156840",
        "156840276276826",
    ]
    assert not taken("423", ["", "1568", "156999", "156840276276826004", "156840276276000"])
    assert taken("425", ["156840276276826"])


def test_currencies_are_iso_4217s_of_today() -> None:
    found = taken("3912", [f"{code}100" for code in numbers(3)])
    assert len(found) == 179
    assert {"156100", "978100", "840100", "926100", "396100"} <= set(found)
    assert not {"000100", "191100", "694100", "932100"} & set(found)


def test_an_sscc_may_begin_with_any_digit_and_a_key_with_four() -> None:
    for first in "0123456789":
        digits = f"{first}0614141234567890"
        assert elements.is_valid("00", digits + check_digit(digits))
    assert taken("8004", ["1234", "1234A", "123A", "123"]) == ["1234", "1234A"]
    assert taken("401", ["0000X", "000X"]) == ["0000X"]


@given(st.sampled_from(["00", "01", "02", "03", "402", "410", "417", "8017", "8018"]), st.data())
def test_exactly_one_check_digit_fits_each_key(ai: str, data: st.DataObject) -> None:
    length = TABLE[ai].longest - 1
    digits = data.draw(st.text(alphabet="0123456789", min_size=length, max_size=length))
    assert taken(ai, [digits + last for last in "0123456789"]) == [digits + check_digit(digits)]


@given(st.text(alphabet=CHARSET_82, min_size=1, max_size=19).map(lambda text: "1234" + text))
def test_exactly_one_check_pair_fits_a_model_number(body: str) -> None:
    pair = check_pair(body)
    assert elements.is_valid("8013", body + pair)
    others = [pair[0] + last for last in "23456789ABCDEFGHJKLMNPQRSTUVWXYZ" if last != pair[1]]
    assert not taken("8013", [body + other for other in others])
    assert elements.is_valid("8014", body + pair) is not (body + pair).isdecimal()


def test_a_check_pair_has_none_of_the_letters_that_are_mistaken() -> None:
    assert linters.csumalpha("22") is None
    assert linters.csumalpha("2") is not None
    for letter in "01IOil":
        assert linters.csumalpha(f"1987654Ad4X4bL5ttr2310c2{letter}") is not None


def test_character_sets_are_those_of_the_general_specifications() -> None:
    assert "".join(taken("10", ASCII)) == CHARSET_82
    assert "".join(c for c in ASCII if elements.is_valid("8010", "1234" + c)) == ALPHABET_39
    assert "".join(taken("8030", ASCII)) == BASE64_URL
    assert "".join(taken("30", ASCII)) == "0123456789"
    assert "".join(c for c in ASCII if elements.is_valid("7040", "1AB" + c)) == BASE64_URL


@pytest.mark.parametrize(
    ("value", "right"),
    [("12", True), ("12=", True), ("1==", True), ("12==", False), ("1=", False), ("===", False)],
)
def test_padding_of_a_signature_is_left_out_or_whole(value: str, right: bool) -> None:
    assert elements.is_valid("8030", value) is right


def test_places_end_at_the_poles_and_at_the_antimeridian() -> None:
    assert taken("4309", ["00000000000000000000", "18000000003600000000"])
    assert not taken("4309", ["18000000013600000000", "18000000003600000001"])
    shifted = Decimal("-33.8567844") + 90, Decimal("151.2152967") + 180
    north, east = (int(part * 10**7) for part in shifted)
    assert elements.is_valid("4309", f"{north:010}{east:010}")


def test_pieces_count_from_one_to_their_total() -> None:
    key = GTIN
    right = [f"{key}{piece:02}{total:02}" for total in range(100) for piece in range(1, total + 1)]
    every = [key + pair for pair in numbers(4)]
    assert sorted(taken("8006", every)) == sorted(right)
    assert sorted(taken("8026", every)) == sorted(right)


def test_a_position_in_a_sequence_is_written_with_a_slash() -> None:
    every = [f"{first}/{last}" for first in range(10) for last in range(10)]
    assert taken("7258", every) == [
        text for text in every if "0" not in text and text[0] <= text[2]
    ]
    assert not taken("7258", ["1/", "/1", "1-2", "1/A", "11/"])


def test_a_component_serial_has_no_zero_in_front() -> None:
    assert taken("8011", ["0", "01", "1", "10", "123456789012", "1234567890123"]) == [
        "1",
        "10",
        "123456789012",
    ]


def test_what_is_to_be_zero_is_and_what_is_not_is_not() -> None:
    assert [f for f in "0123456789" if elements.is_valid("8003", f + "9506000134376")] == ["0"]
    assert taken("8001", ["00010000100190"])
    assert not taken("8001", ["00000000100190", "00010000000190", "00010000100090"])


@pytest.mark.parametrize("ai", ["4300", "4302", "7253", "7256", "7259"])
def test_percent_signs_of_addresses_and_names_are_followed_by_two_hex_digits(ai: str) -> None:
    assert taken(ai, ["A%20B", "%C3%a4", "%2520", "+"]) == ["A%20B", "%C3%a4", "%2520", "+"]
    assert not taken(ai, ["%", "%2", "A%", "A%G0", "%%20"])


def test_a_temperature_below_zero_has_a_hyphen_behind_it() -> None:
    assert taken("4331", ["000500", "000500-", "00050", "000500+", "-00500", "000500--"]) == [
        "000500",
        "000500-",
    ]


def test_a_bank_account_is_as_long_as_one_and_has_its_check_digits() -> None:
    assert taken("8007", ["GB82WEST12345698765432", "DE89370400440532013000"])
    assert not taken("8007", ["GB82WEST12345698765433", "gb82WEST12345698765432", "GB", "GB82"])
    assert not taken("8007", ["XX82WEST12345698765432", "GB82WEST1234569876543_"])


def test_newer_identifiers_are_known() -> None:
    assert taken("717", ["SRN-1"])
    assert taken("8040", ["1" * 15, "1" * 14]) == ["1" * 15]
    assert taken("8041", ["1" * 15, "A" * 15]) == ["1" * 15]
    assert taken("8042", ["1" * 32])
    assert taken("8043", ["1" * 18, "1" * 19, "1" * 20, "1" * 21, "1" * 17]) == [
        "1" * 18,
        "1" * 19,
        "1" * 20,
    ]


def _least(ai: str) -> str:
    """A value that ``ai`` takes, made of its components' lengths and known right values."""
    known = {
        "253": "9506000134376", "255": "9506000134376", "401": "9506A", "402": "06141411234567890",
        "414": "9506000134376", "415": "9506000134376", "417": "9506000134376",
        "8003": "09506000134376", "8004": "9506A", "8006": GTIN + "0102", "8010": "9506A",
        "8013": "1987654Ad4X4bL5ttr2310c2K", "8017": "950600013430000009",
        "8018": "950600013430000009", "00": "106141412345678908", "01": GTIN,
        "22": "V", "10": "L", "21": "S", "235": "T", "254": "E", "7040": "1ABC", "8011": "1",
        "8019": "1", "8020": "R",
    }  # fmt: skip
    return known[ai]


PATHS = sorted(path for entry in TABLE.values() for path in entry.sequences)


@pytest.mark.parametrize("path", PATHS, ids="-".join)
def test_each_path_that_the_dictionary_gives_is_taken_and_no_other_order(
    path: tuple[str, ...],
) -> None:
    for ai in path:
        assert elements.is_valid(ai, _least(ai)), ai
    uri = "https://a/" + "/".join(f"{ai}/{percent(_least(ai))}" for ai in path)
    assert [ai for ai, _ in parse(uri).elements] == list(path)
    if len(path) > 2:
        turned = (path[0], *reversed(path[1:]))
        assert not is_valid("https://a/" + "/".join(f"{ai}/{_least(ai)}" for ai in turned))
    for ai in path[1:]:
        rest = "/".join(f"{other}/{_least(other)}" for other in path if other != ai)
        assert not is_valid(f"https://a/{rest}?{ai}={_least(ai)}"), "a qualifier in the query"


@pytest.mark.parametrize(
    "ai", ["03", "21", "22", "235", "254", "7040", "7041", "8011", "8014", "8019", "8020", "8200"]
)
def test_what_is_no_data_attribute_may_not_stand_in_a_query(ai: str) -> None:
    assert not TABLE[ai].attribute
    value = {"03": GTIN, "7040": "1ABC", "7041": "201", "8014": "1987654Ad4X4bL5ttr2310c2K"}
    assert not is_valid(f"https://a/00/106141412345678908?{ai}={value.get(ai, '1')}")
