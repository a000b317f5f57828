"""The tlog-tiles layout: its examples, and tiles that lead to the signed root."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.errors import LogDamagedError
from evidence.note import Note, SigningKey
from evidence.tiles import bundle, hashes_of, position_path, tiles_of, unbundle
from evidence.tree import leaf_hash, root_of
from store.evidence_folder import LogFolder
from store.evidence_log import EvidenceLog
from store.evidence_tiles import write_tiles
from store.evidence_writer import open_writer


def test_a_tiles_number_is_written_as_the_specifications_example() -> None:
    assert position_path(1234067) == "x001/x234/067"
    assert position_path(0) == "000"
    assert position_path(1000) == "x001/000"


def test_a_tree_of_70_000_has_the_tiles_of_the_specifications_example() -> None:
    tiles = [tile for tile in tiles_of(70_000) if tile.level is not None]
    full = [sum(1 for t in tiles if t.level == level and t.width == 256) for level in range(3)]
    assert full == [273, 1, 0]
    partial = {t.level: t.path for t in tiles if t.width < 256}
    assert partial == {0: "tile/0/273.p/112", 1: "tile/1/001.p/17", 2: "tile/2/000.p/1"}


def test_a_tree_of_256_is_one_full_tile_and_one_hash_above_it() -> None:
    assert [tile.path for tile in tiles_of(256)] == [
        "tile/entries/000", "tile/0/000", "tile/1/000.p/1",
    ]  # fmt: skip
    assert list(tiles_of(0)) == []


@given(st.integers(0, 140_000), st.data())
def test_what_a_smaller_tree_had_is_not_listed_again(size: int, data: st.DataObject) -> None:
    since = data.draw(st.integers(0, size))
    everything, before = set(tiles_of(size)), set(tiles_of(since))
    assert set(tiles_of(size, since=since)) == everything - before


@given(st.lists(st.binary(max_size=300)))
def test_a_bundle_gives_its_entries_back_and_a_cut_one_is_refused(entries: list[bytes]) -> None:
    data = bundle(entries)
    assert unbundle(data) == entries
    if data and entries[-1]:
        with pytest.raises(LogDamagedError):
            unbundle(data[:-1])


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    made = LogFolder.create(tmp_path / "log", None, SigningKey.from_seed("o.example", bytes(32)))
    with open_writer(made) as writer:
        writer.append([Entry(None, {"n": number}) for number in range(700)])
    return made


def test_the_tiles_lead_to_the_signed_root_and_hold_what_is_stored(
    folder: LogFolder, tmp_path: Path
) -> None:
    out = tmp_path / "tiles"
    with folder.reading() as conn:
        written = list(write_tiles(EvidenceLog(), conn, folder.guard.last(), out))
        stored = [row.data for row in EvidenceLog().rows(conn, 0, 700)]
    note = Note.parse((out / "checkpoint").read_bytes())
    note.verified_by([folder.public_key()])
    checkpoint = Checkpoint.parse(note.text)
    leaves: list[bytes] = []
    entries: list[bytes] = []
    for name in ("000", "001", "002.p/188"):
        leaves += hashes_of((out / "tile/0" / name).read_bytes())
        entries += unbundle((out / "tile/entries" / name).read_bytes())
    assert entries == stored
    assert [leaf_hash(entry) for entry in entries] == leaves
    assert root_of(leaves) == checkpoint.root
    above = hashes_of((out / "tile/1/000.p/2").read_bytes())
    assert above == [root_of(leaves[:256]), root_of(leaves[256:512])]
    assert len(written) == 8


def test_writing_the_tiles_again_repairs_what_was_bent(folder: LogFolder, tmp_path: Path) -> None:
    out = tmp_path / "tiles"
    with folder.reading() as conn:
        list(write_tiles(EvidenceLog(), conn, folder.guard.last(), out))
    bent = [out / "tile/entries/000", out / "tile/0/001"]
    before = [path.read_bytes() for path in bent]
    for path, data in zip(bent, before, strict=True):
        path.write_bytes(data[:-1] + b"x")
    with folder.reading() as conn:
        list(write_tiles(EvidenceLog(), conn, folder.guard.last(), out))
    assert [path.read_bytes() for path in bent] == before
