"""The service's log under faults: each call on database or private folder fails, or is the last.

What a process says it has logged is there afterwards and signed for; nothing that was signed is
lost; and the next start goes on from wherever the fault left it.
"""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from deploy.local import packages
from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from store.engine import open_engine, sqlite_url
from store.evidence_guard import Guard
from store.evidence_log import EvidenceLog
from store.evidence_publishing import published
from store.evidence_service import fsck_service, signing
from store.migrations import migrate
from store.transactions import reading
from tests.evidence.injected import (
    FAULTS,
    Call,
    Traced,
    database_files,
    private_files,
)

ORIGIN = "brand.example/log"


@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    packages.require(packages.STRACE)


def service(url: str, private: Path, files: list[Path], calls: str = "all") -> Traced:
    """A process that logs three entries and says each once it is signed for."""
    return Traced(partial(log_three, url, private), b"", files, calls)


def log_three(url: str, private: Path) -> None:
    engine = open_engine(url)
    with signing(engine, private, ORIGIN) as log:
        for number in range(3):
            with log.transaction() as conn:
                [one] = EvidenceLog().append(conn, [Entry(f"s-{number}", {"n": number})])
            print(json.dumps([one.index, one.leaf_hash.hex()]), flush=True)
    engine.dispose()


def check(engine: Engine, private: Path, said: bytes, why: object) -> None:
    """What was said is there and signed for; the next start signs all; nothing is bent."""
    acknowledged = [json.loads(line) for line in said.splitlines() if line.endswith(b"]")]
    guard = Guard(private)
    signed = Checkpoint.parse(guard.last().text).size if guard.exists else 0
    assert signed >= len(acknowledged), why
    with reading(engine) as conn:
        size = EvidenceLog().head(conn).size
        assert signed <= size, why
        leaves = EvidenceLog().tile_hashes(conn, 0, 0, size)
    assert all(leaves[index].hex() == leaf for index, leaf in acknowledged), why
    with signing(engine, private, ORIGIN) as log:
        assert Checkpoint.parse(log.seal().text).size == size, why
    with reading(engine) as conn:
        assert list(fsck_service(conn, guard)) == [], why
        shown = published(conn)
    assert shown is not None, why
    assert shown.size == size, why


def on_sqlite(tmp_path: Path, fault: str, chosen: slice) -> int:
    start, place = tmp_path / "start", tmp_path / "place"
    start.mkdir()
    engine = open_engine(sqlite_url(start / "db.sqlite"))
    migrate(engine)
    engine.dispose()

    def fresh() -> Traced:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(start, place)
        files = [place, *database_files(place / "db.sqlite"), *private_files(place / "private")]
        return service(sqlite_url(place / "db.sqlite"), place / "private", files)

    found = fresh().list_calls(tmp_path / "trace")[chosen]
    for call in found:
        done = fresh().run(call, fault)
        engine = open_engine(sqlite_url(place / "db.sqlite"))
        check(engine, place / "private", done.stdout, (call, fault, done.stderr))
        engine.dispose()
    return len(found)


def test_a_few_faults_of_an_embedded_log_lose_nothing(tmp_path: Path) -> None:
    assert on_sqlite(tmp_path, "signal=KILL", slice(40, None, 120)) > 1


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_call_of_an_embedded_log_may_fail_or_be_the_last(tmp_path: Path, fault: str) -> None:
    print(f"embedded, {fault}: {on_sqlite(tmp_path, fault, slice(None))} calls")


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("fault", "calls"),
    # An error on a socket that stands is none that a network makes: libpq waits for the server's
    # word. What a lost session does is tried in test_evidence_fence.
    [(FAULTS[0], "all"), (FAULTS[1], "all"), (FAULTS[1], "sendto,recvfrom,poll")],
)
def test_each_call_to_a_server_may_fail_or_be_the_last(
    database_url: str, tmp_path: Path, fault: str, calls: str
) -> None:
    engine = open_engine(database_url)
    migrate(engine)
    private = tmp_path / "private"

    def fresh() -> Traced:
        shutil.rmtree(private, ignore_errors=True)
        with engine.begin() as conn:
            for table in ("entries", "nodes", "head", "checkpoint"):
                conn.execute(text(f"DELETE FROM evidence_{table}"))
        files = private_files(private) if calls == "all" else []
        return service(database_url, private, files, calls)

    found: list[Call] = fresh().list_calls(tmp_path / "trace")
    for call in found:
        done = fresh().run(call, fault)
        check(engine, private, done.stdout, (call, fault, done.stderr))
    print(f"PostgreSQL, {calls}, {fault}: {len(found)} calls")
    engine.dispose()
