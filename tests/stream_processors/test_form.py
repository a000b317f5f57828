"""What is kept in another form is not gone on with."""

import msgspec

from judging.item import ItemFold
from stream_processors import hot
from stream_processors.form import form_of
from stream_processors.hot import Hot
from tests.rules.world import registry


class Less(msgspec.Struct, array_like=True):
    a: int


class More(msgspec.Struct, array_like=True):
    a: int
    b: int | None = None


def test_a_member_more_is_another_form_though_it_would_decode() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Less(1)), type=More) == More(1)
    assert form_of(Less) != form_of(More)
    assert form_of(list[Less]) != form_of(list[More])
    assert form_of(More) == form_of(More)


def test_hot_state_without_this_releases_form_counts_as_absent() -> None:
    state = ItemFold(registry()).initial()
    kept = hot.encode(Hot(1, 2, "scan:a", 3, "scan:a", state))
    found = hot.decode_item(kept)
    assert found is not None
    assert found.state == state
    bare = kept[4:]
    assert hot.decode_item(bare) is None
    assert hot.decode_item(b"\0\0\0\0" + bare) is None
