from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codes import digital_link
from codes.application_identifiers import TABLE
from codes.checksums import CHARSET_82, check_digit
from codes.digital_link import build, parse
from codes.errors import CodeError

GTIN = "09506000134352"


def refusal(uri: str) -> CodeError:
    with pytest.raises(CodeError) as caught:
        parse(uri)
    assert caught.value.type == "uri-invalid"
    return caught.value


@pytest.mark.parametrize(
    ("uri", "elements"),
    [
        ("https://a/01/09506000134352", [("01", GTIN)]),
        ("HTTP://EXAMPLE.COM:65535/01/09506000134352/21/A1", [("01", GTIN), ("21", "A1")]),
        ("https://[2001:db8::1]/x/y/00/106141412345678908", [("00", "106141412345678908")]),
        ("https://a/01/stem/01/09506000134352", [("01", GTIN)]),
        ("https://a/01/09506000134352?", [("01", GTIN)]),
        ("https://a/01/09506000134352#21=A", [("01", GTIN)]),
        ("https://a/01/09506000134352/22/A+B", [("01", GTIN), ("22", "A+B")]),
        ("https://a/01/09506000134352/21/%2F%61", [("01", GTIN), ("21", "/a")]),
        ("https://a/01/09506000134352/21/50%", [("01", GTIN), ("21", "50%")]),
        ("https://a/01/09506000134352/21/%4g", [("01", GTIN), ("21", "%4g")]),
        ("https://a/01/09506000134352/235/T?10=L", [("01", GTIN), ("235", "T"), ("10", "L")]),
        ("https://a/8004/9506X?01=9506000134352", [("8004", "9506X"), ("01", GTIN)]),
        (
            "https://a/01/09506000134352?&&99=B&&x=y&z&98=A&",
            [("01", GTIN), ("99", "B"), ("98", "A")],
        ),
    ],
)
def test_elements_come_in_path_order_then_query_order(
    uri: str, elements: list[tuple[str, str]]
) -> None:
    assert list(parse(uri).elements) == elements


@pytest.mark.parametrize(
    ("uri", "field"),
    [
        ("", "scheme"),
        ("https://a/01/09506000134352/21/ä", "uri"),
        ("https://a/01/09506000134352/21/a b", "uri"),
        ("Https://a/01/09506000134352", "scheme"),
        ("ftp://a/01/09506000134352", "scheme"),
        ("https://", "domain"),
        ("https:///01/09506000134352", "domain"),
        ("https://user@a/01/09506000134352", "domain"),
        ("https://a_b/01/09506000134352", "domain"),
        ("https://01/09506000134352", "path"),
        ("https://a/01/09506000134352/", "path"),
        ("https://a/gtin/09506000134352", "path"),
        ("https://a/89/ABC", "path"),
        ("https://a/01/09506000134352/89/ABC", "path"),
        ("https://a/01/09506000134352/10/A/22/B", "path"),
        ("https://a/01/09506000134352/22/A/235/B", "path"),
        ("https://a/01/9506000134352", "01"),
        ("https://a/01/09506000134353", "01"),
        ("https://a/01/09506000134352/21/", "21"),
        ("https://a/01/09506000134352/21//", "path"),
        ("https://a/01/09506000134352/21/%00", "21"),
        ("https://a/01/09506000134352/21/%C3%A4", "21"),
        ("https://a/01/09506000134352?89=A", "query"),
        ("https://a/01/09506000134352?=A", "query"),
        ("https://a/01/09506000134352?17=", "17"),
        ("https://a/01/09506000134352?99=A+B", "99"),
        ("https://a/01/09506000134352?10=A", "10"),
        ("https://a/01/09506000134352/21/A?21=A", "21"),
        ("https://a/01/09506000134352?99=A&99=A", "99"),
        ("https://a/00/106141412345678908?21=A", "21"),
        ("https://a/01/09506000134352?17=270230", "17"),
    ],
)
def test_an_error_names_the_part_that_is_wrong(uri: str, field: str) -> None:
    assert refusal(uri).field == field


def test_short_gtins_and_alphabetic_names_are_taken_only_where_asked_for() -> None:
    link = parse("https://a/gtin/9506000134352/ser/X", short_gtins=True, alphabetic=True)
    assert link.elements == (("01", GTIN), ("21", "X"))
    refusal("https://a/01/9506000134352")
    refusal("https://a/gtin/09506000134352")


def test_what_is_not_gs1s_in_the_query_is_kept_as_it_stood() -> None:
    link = parse("https://a/p/01/09506000134352?TW=K.X&17=271231&utm=%41+b#f")
    assert link.stem == "https://a/p"
    assert link.other == ("TW=K.X", "utm=%41+b")
    assert link.fragment == "f"


@given(st.text(alphabet=CHARSET_82, min_size=1, max_size=20), st.sampled_from(["10", "21", "22"]))
def test_every_value_of_set_82_survives_building_and_parsing(value: str, ai: str) -> None:
    uri = build([("01", GTIN), (ai, value)], stem="http://example.com/a")
    assert parse(uri).path == (("01", GTIN), (ai, value))


@given(st.integers(0, 10**13 - 1))
def test_a_gtin_with_its_check_digit_is_taken_and_with_another_is_not(number: int) -> None:
    digits = f"{number:013}"
    right = check_digit(digits)
    assert parse(f"https://a/01/{digits}{right}").value("01") == digits + right
    refusal(f"https://a/01/{digits}{(int(right) + 1) % 10}")


PIECES = st.sampled_from(
    [
        "/",
        "?",
        "&",
        "=",
        "#",
        "%",
        "%4",
        "%41",
        "+",
        "01",
        "21",
        GTIN,
        "https://a",
        ":",
        "",
        "\0",
        "ä",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
@example("https://a/01/09506000134352?٠١=1")
@example("https://a/01/\ud800")
def test_any_text_is_parsed_or_refused_by_the_rooms_error(text: str) -> None:
    refusals: list[CodeError] = []
    try:
        assert parse(text, short_gtins=True, alphabetic=True).elements[0][0] in TABLE
    except CodeError as error:
        refusals.append(error)
    assert all(error.type == "uri-invalid" and error.field for error in refusals)


@given(st.binary())
def test_any_bytes_are_parsed_or_refused_by_the_rooms_error(raw: bytes) -> None:
    assert digital_link.is_valid(raw.decode("utf-8", errors="surrogateescape")) in (True, False)


@given(st.text(max_size=20))
def test_percent_encoding_is_rfc_3986s_normal_form(value: str) -> None:
    assert digital_link.encode(value) == quote(value, safe="-._~")


@pytest.mark.parametrize("ai", ["91", "99", "7256", "8030"])
def test_a_value_over_ninety_characters_is_too_long_and_never_cut(ai: str) -> None:
    uri = f"https://a/01/09506000134352?{ai}="
    assert parse(uri + "A" * 90).value(ai) == "A" * 90
    with pytest.raises(CodeError, match="too long"):
        parse(uri + "A" * 91)
