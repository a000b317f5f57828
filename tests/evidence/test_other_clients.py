"""Other people's programs verify our log, over HTTP and as files (soak, since Go builds them)."""

import asyncio
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from api.app import create_app
from evidence.entry import Entry
from evidence.tlog_proof import TlogProof
from evidence.tree import inclusion_proof
from store.evidence_log import EvidenceLog
from store.evidence_service import SignedLog, signing
from store.evidence_tiles import write_tiles
from store.transactions import reading
from tests.api.world import World, new_engine

SOURCE = Path(__file__).with_name("go_clients")
SIZES = (1, 255, 256, 257, 70_000)

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two Go programs, built from their locked modules."""
    out = tmp_path_factory.mktemp("go")
    environment = os.environ | {"GOFLAGS": "-mod=readonly -buildvcs=false"}
    build = ["go", "build", "-o", str(out), "./reader", "./tesseraclient"]
    subprocess.run(build, cwd=SOURCE, env=environment, check=True)
    return out


@contextmanager
def served(world: World) -> Iterator[str]:
    """The service's API on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(world.services()), log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/log"
    finally:
        server.should_exit = True
        thread.join()


def grow(world: World, size: int) -> None:
    with world.engine.begin() as conn:
        log = EvidenceLog()
        start = log.head(conn).size
        log.append(conn, [Entry(f"e-{n}", {"n": n, "words": "外观"}) for n in range(start, size)])


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(programs: Path, place: str | Path, log: SignedLog, size: int, *bearer: str) -> None:
    key = str(log.verifier)
    read = json.loads(run(programs / "reader", place, key, *bearer))
    assert (read["size"], read["entries"], read["origin"]) == (size, size, log.verifier.name)
    run(programs / "tesseraclient", place, key, *bearer)


def test_torchwood_and_tessera_verify_every_entry_tile_and_proof(
    programs: Path, tmp_path: Path
) -> None:
    world = World(new_engine(tmp_path))
    bearer = world.key("read")["Authorization"].removeprefix("Bearer ")
    with signing(world.engine, tmp_path / "private", "brand.example/log") as log:
        with served(world) as address:
            for size in SIZES:
                grow(world, size)
                note = log.seal()
                check(programs, address, log, size, bearer)
                with reading(world.engine) as conn:
                    list(write_tiles(EvidenceLog(), conn, note, tmp_path / "tiles"))
                check(programs, tmp_path / "tiles", log, size)
        check_proofs(programs, world, log, tmp_path / "one.tlog-proof")
    bent = tmp_path / "tiles" / "tile" / "0" / "100"
    bent.write_bytes(bytes([bent.read_bytes()[0] ^ 1]) + bent.read_bytes()[1:])
    for name in ("reader", "tesseraclient"):
        command = [str(programs / name), str(tmp_path / "tiles"), str(log.verifier)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    world.engine.dispose()


def check_proofs(programs: Path, world: World, log: SignedLog, file: Path) -> None:
    size, note = SIZES[-1], log.seal()
    with reading(world.engine) as conn:
        nodes = EvidenceLog().nodes(conn)
        for index in (0, 1, 255, 256, 65_535, 65_536, size - 1):
            file.write_text(str(TlogProof(index, tuple(inclusion_proof(index, size, nodes)), note)))
            (row,) = EvidenceLog().rows(conn, index, index + 1)
            run(programs / "reader", "proof", file, str(log.verifier), row.leaf_hash.hex())
