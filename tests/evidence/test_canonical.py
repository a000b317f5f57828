"""Canonical JSON: the vectors of RFC 8785, the equality of the fast way, and every refusal."""

import json
import struct
from contextlib import suppress
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import MAX_DEPTH, canonical, parse
from evidence.errors import EntryError

# RFC 8785, appendix B: the bits of a double and its canonical text.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS.items())
def test_numbers_are_written_as_rfc_8785_appendix_b_says(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number).decode() == text


def test_the_example_of_rfc_8785_section_3_2_2_gives_its_bytes() -> None:
    source = (
        '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/",'
        '"literals":[null,true,false]}'
    )
    assert canonical(parse(source)).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_by_utf_16_units_as_rfc_8785_section_3_2_3_says() -> None:
    value = {
        "€": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One", "\U0001f600": "Emoji", "\x80": "Control", "ö": "Latin Small Letter O",
    }  # fmt: skip
    written = list(json.loads(canonical(value)))
    assert written == ["\r", "1", "\x80", "ö", "€", "\U0001f600", "\ufb33"]


@given(VALUES)
def test_the_fast_way_writes_the_bytes_of_the_reference_encoder(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    again = parse(canonical(value), canonical_form=True)
    assert canonical(again) == canonical(value)


def test_every_character_is_written_alike_by_both_encoders() -> None:
    for start in range(0, 0x110000, 0x800):
        if not 0xD800 <= start < 0xE000:
            text = "".join(map(chr, range(start, start + 0x800)))
            assert msgspec.json.encode(text) == rfc8785.dumps(text)


@given(st.floats(1e-4, 1e15, exclude_max=True).filter(lambda number: not number.is_integer()))
def test_floats_of_the_fast_range_are_written_alike_by_both_encoders(number: float) -> None:
    assert msgspec.json.encode(number) == rfc8785.dumps(number)
    assert msgspec.json.encode(-number) == rfc8785.dumps(-number)


@pytest.mark.parametrize(
    ("value", "type_", "field"),
    [
        ({"a": [1, float("nan")]}, "entry-number", "a.1"),
        ({"a": float("inf")}, "entry-number", "a"),
        ({"a": {"b": 2**53}}, "entry-number", "a.b"),
        ({"a": -(2**53)}, "entry-number", "a"),
        ({"a": {"b": "x\ud800"}}, "entry-surrogate", "a.b"),
        ({"a": ["é", {"\udc00": 1}]}, "entry-surrogate", "a.1.\\udc00"),
        ({"a": {1: 2}}, "entry-not-json", "a"),
        ({"a": b"x"}, "entry-not-json", "a"),
        ({"a": {1, 2}}, "entry-not-json", "a"),
    ],
)
def test_what_has_no_canonical_form_is_refused_by_name_and_path(
    value: Any, type_: str, field: str
) -> None:
    with pytest.raises(EntryError) as caught:
        canonical(value)
    assert (caught.value.type, caught.value.field) == (type_, field)


def test_nesting_is_bounded_in_values_and_in_text() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    canonical(value)
    with pytest.raises(EntryError) as caught:
        canonical([value])
    assert caught.value.type == "entry-too-deep"
    with pytest.raises(EntryError) as caught:
        parse("[" * 200_000)
    assert caught.value.type == "entry-too-deep"


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        (b'{"a":1,"a":1}', "entry-duplicate-key"),
        (b'{"x":{"a":1,"\\u0061":2}}', "entry-duplicate-key"),
        (b'{"a":NaN}', "entry-number"),
        (b'{"a":-Infinity}', "entry-number"),
        (b'{"a":' + b"9" * 5000 + b"}", "entry-number"),
        (b'{"a":"\xff"}', "entry-not-json"),
        (b"\xef\xbb\xbf{}", "entry-not-json"),
        (b"{'a':1}", "entry-not-json"),
        (b"", "entry-not-json"),
        (b"{} {}", "entry-not-json"),
    ],
)
def test_text_that_i_json_refuses_is_refused_by_name(text: bytes, type_: str) -> None:
    with pytest.raises(EntryError) as caught:
        parse(text)
    assert caught.value.type == type_


def test_a_number_too_large_for_a_double_is_refused_when_it_is_written() -> None:
    with pytest.raises(EntryError):
        canonical(parse("1e400"))


@given(st.binary(max_size=64) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_the_parser_lets_nothing_but_its_own_error_out(text: bytes) -> None:
    with suppress(EntryError):
        assert canonical(parse(text))
