import pytest
from biip.gs1_messages import GS1Message
from hypothesis import given
from hypothesis import strategies as st

from codes import element_strings
from codes.checksums import CHARSET_82, check_digit
from codes.element_strings import FNC1
from codes.errors import CodeError
from codes.identifiers import GLN, GTIN, SSCC

ITEM = "09506000134352"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("95060001 34352", ITEM),
        ("9506000134352", ITEM),
        (ITEM, ITEM),
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
    ],
)
def test_every_length_of_a_gtin_has_one_canonical_form(text: str, canonical: str) -> None:
    assert GTIN.validate(text) == canonical
    assert GTIN.is_valid(text)


@pytest.mark.parametrize("text", ["", "9506000134353", "950600013435", "95O6000134352", "٩" * 13])
def test_what_is_no_gtin_is_refused(text: str) -> None:
    assert not GTIN.is_valid(text)
    with pytest.raises(CodeError) as caught:
        GTIN.validate(text)
    assert (caught.value.type, caught.value.field) == ("identifier-invalid", "gtin")


def test_a_check_digit_is_added_where_it_is_missing() -> None:
    assert GLN.complete("950600013437") == "9506000134376"
    assert SSCC.complete("1 0614141 234567890") == "106141412345678908"
    with pytest.raises(CodeError):
        GLN.complete("95060001343X")


VALUE = st.text(alphabet=CHARSET_82, min_size=1, max_size=20)
ELEMENTS = st.tuples(
    st.integers(0, 10**13 - 1).map(lambda n: ("01", f"{n:013}" + check_digit(f"{n:013}"))),
    VALUE.map(lambda value: ("10", value)),
    VALUE.map(lambda value: ("21", value)),
    st.just(("17", "271231")),
).flatmap(lambda elements: st.permutations(elements))


@given(ELEMENTS)
def test_an_element_string_reads_back_and_another_parser_agrees(
    elements: list[tuple[str, str]],
) -> None:
    text = element_strings.build(elements)
    read = element_strings.parse(text)
    assert sorted(read) == sorted(elements)
    assert element_strings.parse("]d2" + FNC1 + text) == read
    theirs = GS1Message.parse(text)
    assert [(e.ai.ai, e.value) for e in theirs.element_strings] == read


def test_a_separator_after_a_predefined_length_is_forgiven() -> None:
    assert element_strings.parse(f"01{ITEM}{FNC1}21A") == [("01", ITEM), ("21", "A")]


def test_bracketed_elements_are_read() -> None:
    assert element_strings.parse_bracketed(f"(01) {ITEM} (21)A(1") == [("01", ITEM), ("21", "A(1")]
    for wrong in ("", "01", f"x(01){ITEM}", "(01)1", "(89)1"):
        with pytest.raises(CodeError):
            element_strings.parse_bracketed(wrong)


@given(st.text() | st.text(alphabet="01]d2\x1d7AB"))
def test_any_text_is_elements_or_the_rooms_error(text: str) -> None:
    try:
        found = element_strings.parse(text)
    except CodeError:
        found = []
    assert all(len(element) == 2 for element in found)
