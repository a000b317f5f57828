"""The log as tlog-tiles over HTTP: paths, headers, who may read what, and what is not there."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.hand_over import follow
from evidence.note import Note, VerifierKey
from evidence.tiles import Tile, hashes_of, tiles_of, unbundle
from evidence.tree import leaf_hash, root_of
from store.evidence_log import EvidenceLog
from store.evidence_service import SignedLog, rotate_signed_log, signing
from tests.api.world import World

SIZE = 700


@pytest.fixture
def log(world: World, tmp_path: Path) -> Iterator[SignedLog]:
    """700 entries, signed, and one more that nobody has signed yet."""
    with signing(world.engine, tmp_path / "private", "brand.example/log") as signed:
        append(world, SIZE)
        signed.seal()
        append(world, 1)
        yield signed


def append(world: World, count: int) -> None:
    with world.engine.begin() as conn:
        EvidenceLog().append(conn, [Entry(None, {"n": number}) for number in range(count)])


async def tile(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    return await client.get(f"/log/tile/{path}", headers=headers)


async def test_nothing_is_there_before_something_was_signed(client: httpx.AsyncClient) -> None:
    for path in ("checkpoint", "keys", "tile/0/000", "tile/0/000.p/1"):
        answer = await client.get(f"/log/{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/not-found"


async def test_anybody_reads_the_checkpoint_and_it_is_not_kept(
    log: SignedLog, client: httpx.AsyncClient
) -> None:
    answer = await client.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=1"
    assert answer.headers["access-control-allow-origin"] == "*"
    note = Note.parse(answer.content)
    assert note.verified_by([log.verifier]) == [log.verifier]
    assert Checkpoint.parse(note.text).size == SIZE
    head = await client.head("/log/checkpoint")
    assert (head.status_code, head.content) == (200, b"")


async def test_every_tile_of_the_signed_tree_is_there_and_leads_to_its_root(
    world: World, log: SignedLog, client: httpx.AsyncClient
) -> None:
    headers = world.key("read")
    leaves, entries = [], []
    for one in tiles_of(SIZE):
        answer = await tile(client, one.path.removeprefix("tile/"), **headers)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
        if one.level is None:
            entries += unbundle(answer.content)
        elif one.level == 0:
            leaves += hashes_of(answer.content)
    assert [leaf_hash(entry) for entry in entries] == leaves
    note = Note.parse((await client.get("/log/checkpoint")).content)
    assert root_of(leaves) == Checkpoint.parse(note.text).root


async def test_entries_need_a_key_with_the_scope_and_stay_out_of_shared_caches(
    world: World, log: SignedLog, client: httpx.AsyncClient
) -> None:
    assert (await tile(client, "entries/000")).status_code == 401
    assert (await tile(client, "entries/000", **world.key("scans"))).status_code == 403
    assert (await client.head("/log/tile/entries/000")).status_code == 401
    answer = await tile(client, "entries/000", **world.key("read"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("private, ")
    assert "authorization" in answer.headers["vary"].lower()
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("offered", "taken"),
    [("gzip", True), ("identity", False), ("br, GZIP;q=0.5", True), ("gzip;q=0", False),
     ("gzip;q=0.0, identity", False), ("", False)],
)  # fmt: skip
async def test_only_entries_are_compressed_and_only_for_who_asks(
    world: World, log: SignedLog, client: httpx.AsyncClient, offered: str, taken: bool
) -> None:
    accept = {"Accept-Encoding": offered}
    answer = await tile(client, "entries/000", **world.key("read"), **accept)
    assert answer.headers.get("content-encoding") == ("gzip" if taken else None)
    plain = await tile(client, "entries/000", **world.key("read"), **{"Accept-Encoding": ""})
    assert answer.content == plain.content
    hashes = await tile(client, "0/000", **accept)
    assert "content-encoding" not in hashes.headers
    assert len(hashes.content) == 8192


@pytest.mark.parametrize(
    "path",
    ["0/002", "0/002.p/189", "0/003.p/1", "1/000", "1/000.p/3", "2/000.p/1", "63/000.p/1", "64/000",
     "00/000", "0/0", "0/0000", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/",
     "-1/000", "0/000/", "0/", "", "data/000", "0/x999/x999/x999/x999/x999/x999/999",
     "entries/002", "entries/002.p/189", "entries/x000/001", "0/%30%30%30%30"],
)  # fmt: skip
async def test_what_the_signed_tree_has_not_is_not_found(
    world: World, log: SignedLog, client: httpx.AsyncClient, path: str
) -> None:
    answer = await tile(client, path, **world.key("read"))
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


@pytest.mark.parametrize("path", ["0/000", "0/002.p/188", "0/002.p/1", "1/000.p/2", "1/000.p/1"])
async def test_partial_tiles_of_earlier_trees_stay(
    log: SignedLog, client: httpx.AsyncClient, path: str
) -> None:
    assert (await tile(client, path)).status_code == 200


async def test_who_trusts_the_first_key_learns_the_next_one(
    world: World, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    private = tmp_path / "private"
    with signing(world.engine, private, "brand.example/log") as log:
        first = log.verifier
    rotate_signed_log(world.engine, private, bytes(32), "2026-01-01T00:00:00Z")
    with signing(world.engine, private, "brand.example/log"):
        pass
    keys = (await client.get("/log/keys")).json()
    trusted = follow([first], keys["hand_overs"])
    assert trusted == [first, VerifierKey.parse(keys["key"])]
    assert keys["origin"] == "brand.example/log"
    note = Note.parse((await client.get("/log/checkpoint")).content)
    assert note.verified_by(trusted[1:]) == trusted[1:]


def test_a_tile_says_its_own_path() -> None:
    assert Tile(1, 1_234_067, 9).path == "tile/1/x001/x234/067.p/9"
