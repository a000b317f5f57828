"""Entries: their bytes, their limits, and that nothing but the canonical form is read back."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evidence.entry import MAX_ENTRY_BYTES, NO_LEAF, Entry, draft, entry_from_line, read_entry
from evidence.errors import EntryError
from evidence.tree import leaf_hash

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
BODIES = st.dictionaries(TEXT, st.integers(0, 9) | TEXT | st.floats(-9, 9), max_size=4)


@given(st.none() | TEXT, BODIES, st.integers(0, 2**50), st.binary(min_size=32, max_size=32))
def test_an_entrys_bytes_are_the_canonical_json_of_its_members(
    identity: str | None, body: dict[str, Any], seq: int, prev: bytes
) -> None:
    members: dict[str, Any] = {"seq": seq, "prev": prev.hex(), "body": body}
    if identity is not None:
        members["id"] = identity
    data = draft(Entry(identity, body)).at(seq, prev)
    assert data == rfc8785.dumps(members)
    read = read_entry(data)
    assert (read.seq, read.prev, read.id) == (seq, prev, identity)
    assert read.leaf_hash == leaf_hash(data)


def test_an_entry_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    empty = len(draft(Entry(None, {"x": ""})).at(0, NO_LEAF))
    largest = "a" * (MAX_ENTRY_BYTES - empty)
    assert len(draft(Entry(None, {"x": largest})).at(0, NO_LEAF)) == MAX_ENTRY_BYTES
    with pytest.raises(EntryError) as caught:
        draft(Entry(None, {"x": largest + "a"})).at(0, NO_LEAF)
    assert caught.value.type == "entry-too-large"


def test_a_lines_object_is_the_body_and_its_id_the_id() -> None:
    assert entry_from_line(b'{"id":"s-1","n":1}') == Entry("s-1", {"id": "s-1", "n": 1})
    assert entry_from_line(b'{"n":1}').id is None


@pytest.mark.parametrize(
    ("line", "type_"),
    [
        (b"[1]", "entry-not-object"),
        (b'"x"', "entry-not-object"),
        (b'{"id":7}', "entry-id-invalid"),
        (b'{"id":["a"]}', "entry-id-invalid"),
        (b"", "entry-not-json"),
    ],
)
def test_a_line_that_is_no_entry_is_refused_by_name(line: bytes, type_: str) -> None:
    with pytest.raises(EntryError) as caught:
        entry_from_line(line)
    assert caught.value.type == type_


def test_a_body_that_is_no_object_or_has_a_wrong_value_is_refused_with_its_path() -> None:
    with pytest.raises(EntryError) as caught:
        draft(Entry(None, {"facts": {"lon": float("nan")}}))
    assert (caught.value.type, caught.value.field) == ("entry-number", "body.facts.lon")
    with pytest.raises(EntryError):
        draft(Entry("\ud800", {}))


def test_every_flipped_bit_of_an_entry_changes_its_leaf_or_is_no_entry() -> None:
    data = draft(Entry("s-1", {"rule": "code-cloned", "n": [1, 2.5]})).at(3, leaf_hash(b"x"))
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            assert read_entry(bytes(flipped)).leaf_hash != leaf_hash(data)
        except EntryError:
            continue


@given(st.binary(max_size=80))
def test_reading_arbitrary_bytes_raises_nothing_but_entry_errors(data: bytes) -> None:
    with pytest.raises(EntryError):
        read_entry(data)


@pytest.mark.parametrize("change", [{"seq": -1}, {"seq": True}, {"prev": "00"}, {"prev": "g" * 64},
                                    {"body": []}, {"id": None}, {"more": 1}])  # fmt: skip
def test_an_entry_with_a_wrong_or_further_member_is_refused(change: dict[str, Any]) -> None:
    members = {"body": {}, "prev": "0" * 64, "seq": 0} | change
    with pytest.raises(EntryError):
        read_entry(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())
