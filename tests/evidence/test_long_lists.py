"""No body is too large because one of its lists is long."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evidence.commitments import commit
from evidence.entry import MAX_ENTRY_BYTES, NO_LEAF, Entry, draft
from evidence.long_lists import MOST_IN_ENTRY, commit_long_lists

SALT = b"\7" * 32
LENGTHS = st.sampled_from([0, 1, MOST_IN_ENTRY - 1, MOST_IN_ENTRY, MOST_IN_ENTRY + 1, 20_000])
LISTS = LENGTHS.map(lambda length: ["ab" * 32] * length)
BODIES = st.dictionaries(st.sampled_from("abc"), LISTS | st.text(max_size=20), max_size=3)
NESTED = st.builds(lambda body, inner: {**body, "signal": inner}, BODIES, st.just({})) | BODIES


def shortened(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    short, openings = commit_long_lists(body, lambda _bytes: SALT)
    return short, {one.commitment: one.value_json for one in openings}


def restored(value: Any, opened: dict[str, str]) -> Any:
    if isinstance(value, dict) and value.keys() == {"commitment"}:
        return json.loads(opened[value["commitment"]])
    if isinstance(value, dict):
        return {key: restored(member, opened) for key, member in value.items()}
    return value


@given(NESTED)
def test_every_body_fits_and_its_lists_are_those_that_were_committed_to(
    body: dict[str, Any],
) -> None:
    short, opened = shortened(body)
    assert len(draft(Entry(None, short)).at(2**53, NO_LEAF)) <= MAX_ENTRY_BYTES
    assert restored(short, opened) == body


@given(NESTED)
def test_what_is_short_stays_in_the_open(body: dict[str, Any]) -> None:
    short, opened = shortened(body)
    again, more = shortened(short)
    assert (again, more) == (short, {})
    if not opened:
        assert short == body


def test_a_list_within_a_member_is_found() -> None:
    ids = ["cd" * 32] * 5_000
    short, _ = shortened({"kind": "signal", "signal": {"withdraws": ids, "rule": "r"}})
    assert short["signal"] == {"withdraws": commit(ids, SALT).in_entry(), "rule": "r"}
