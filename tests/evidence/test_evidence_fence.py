"""Nobody appends to a log that was not compared with what was signed, whatever path they take."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, delete, make_url, text
from typer.testing import CliRunner

from cases.steps import Comment
from evidence.entry import Entry
from evidence.errors import EvidenceError, LogBehindError, LogMovedError
from store.case_steps import Author, add_step
from store.engine import open_engine, sqlite_url
from store.evidence_fence import LogUnguardedError, guard_by
from store.evidence_guard import Guard, GuardError, SecondWriterError
from store.evidence_log import EvidenceLog
from store.evidence_openings import erase
from store.evidence_records import committed, record_key, record_policy, record_registry
from store.evidence_service import signing
from store.evidence_signed import PublishedLog
from store.migrations import migrate
from store.schema.evidence import evidence_entries, evidence_head
from store.transactions import reading
from tests.store.cases_at_hand import add_case
from tracewarden.commands.keys import app as keys_app
from tracewarden.installation import EmbeddedFolder

ORIGIN = "brand.example/log"
AT = "2026-01-01T00:00:00Z"
WRITER = """
import sys, time
from pathlib import Path
from store.engine import open_engine
from store.evidence_service import signing
engine = open_engine(sys.argv[1])
with signing(engine, Path(sys.argv[2]), sys.argv[3]) as log:
    print("ready", flush=True)
    while True:
        time.sleep(0.1)
        log.seal()
"""


@contextmanager
def writer(url: str, private: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The log's writer, a process of its own."""
    command = [sys.executable, "-c", WRITER, url, str(private), ORIGIN]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def step(conn: Connection) -> None:
    author = Author("mei", "reviewer", os.urandom)
    add_step(conn, "C-1", Comment("seen"), author, at_us=1)


def erasure(conn: Connection) -> None:
    (opening,) = committed(conn, ["a value"])
    erase(conn, EvidenceLog(), [opening.commitment], reason="asked for", at=AT)


PATHS: dict[str, Callable[[Connection], object]] = {
    "case step": step,
    "registry": lambda conn: record_registry(conn, {}, source="s", policy_hash="00", at=AT),
    "policy": lambda conn: record_policy(conn, {}, policy_hash="00", before=None, at=AT),
    "key": lambda conn: record_key(
        conn, change="new", key_id="K1", public_key="00", effective_at=AT, at=AT
    ),
    "erasure": erasure,
    "export, anchor": lambda conn: EvidenceLog().append(conn, [Entry(None, {"kind": "anchor"})]),
}


def outcomes(engine: Engine) -> set[str]:
    """What becomes of each path: ``logged``, or the error's type with nothing written."""
    found = set()
    for append in PATHS.values():
        before = size(engine)
        try:
            with engine.begin() as conn:
                append(conn)
        except EvidenceError as error:
            assert size(engine) == before
            found.add(error.type)
        else:
            assert size(engine) == before + 1
            found.add("logged")
    return found


def size(engine: Engine) -> int:
    with reading(engine) as conn:
        return EvidenceLog().head(conn).size


@pytest.fixture
def server(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    migrate(engine)
    add_case(engine, "C-1", change=1)
    yield engine
    engine.dispose()


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_two_processes_on_a_server(server: Engine, tmp_path: Path) -> None:
    private = tmp_path / "private"
    assert outcomes(server) == {"logged"}, "a log that was never signed may grow"
    with writer(url_of(server), private) as process:
        assert outcomes(server) == {"logged"}
        assert PublishedLog(server).seal().text.splitlines()[1] == str(size(server))
        second = signing(server, shutil.copytree(private, tmp_path / "copied"), ORIGIN)
        with pytest.raises(SecondWriterError), second:
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert outcomes(server) == {"log-unguarded"}
    with writer(url_of(server), private):
        assert outcomes(server) == {"logged"}


def test_a_restored_backup_on_a_server_takes_nothing(server: Engine, tmp_path: Path) -> None:
    private = tmp_path / "private"
    with writer(url_of(server), private):
        outcomes(server)
        PublishedLog(server).seal()
    with copied(server) as backup:
        with writer(url_of(server), private):
            outcomes(server)
            PublishedLog(server).seal()
        assert outcomes(backup) == {"log-unguarded"}
        with pytest.raises(LogBehindError), signing(backup, private, ORIGIN):
            pass
        assert outcomes(backup) == {"log-unguarded"}
        with pytest.raises(GuardError), signing(backup, tmp_path / "empty", ORIGIN):
            pass


@contextmanager
def copied(engine: Engine) -> Iterator[Engine]:
    """The database as it is now, restored beside it."""
    engine.dispose()
    name = f"{engine.url.database}_restored"
    admin = open_engine(make_url(url_of(engine)).set(database="postgres")
                        .render_as_string(hide_password=False))  # fmt: skip
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{engine.url.database}"'))
    restored = open_engine(make_url(url_of(engine)).set(database=name)
                           .render_as_string(hide_password=False))  # fmt: skip
    try:
        yield restored
    finally:
        restored.dispose()
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(text(f'DROP DATABASE "{name}"'))
        admin.dispose()


def test_a_writer_that_lost_its_session_holds_the_log_anew_or_ends(
    server: Engine, tmp_path: Path
) -> None:
    private = tmp_path / "private"
    with signing(server, private, ORIGIN) as log:
        cut_off(server)
        with server.begin() as conn, pytest.raises(LogUnguardedError):
            EvidenceLog().append(conn, [Entry(None, {"n": 1})])
        log.seal()
        assert outcomes(server) == {"logged"}
        cut_off(server)
        with (
            signing(server, shutil.copytree(private, tmp_path / "elsewhere"), ORIGIN),
            pytest.raises(SecondWriterError),
        ):
            log.seal()


def cut_off(engine: Engine) -> None:
    """End the session that holds the log, as a server does whose network is gone; wait until it is.
    """
    with engine.begin() as conn:
        conn.execute(text("SELECT pg_terminate_backend(pid, 10000) FROM pg_locks "
                          "WHERE locktype = 'advisory' AND granted"))  # fmt: skip


def test_a_writer_whose_epoch_is_over_is_fenced_whatever_it_holds(
    server: Engine, tmp_path: Path
) -> None:
    stale, later = EvidenceLog(), EvidenceLog()
    with server.begin() as conn:
        stale.claim(conn)
    with server.begin() as conn:
        later.claim(conn)
    with signing(server, tmp_path / "private", ORIGIN), server.begin() as conn:
        later.append(conn, [Entry(None, {"n": 1})])
        with pytest.raises(LogMovedError):
            stale.append(conn, [Entry(None, {"n": 2})])


def test_a_key_is_neither_made_nor_revoked_where_that_cannot_be_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEWARDEN_KEY_PASSPHRASE", "a word")
    data, ring = EmbeddedFolder(tmp_path / "data"), tmp_path / "ring"
    words = ["--keys", str(ring), "--data", str(data.folder)]
    assert CliRunner().invoke(keys_app, ["new", *words]).exit_code == 0
    engine = open_engine(sqlite_url(data.database))
    with signing(engine, data.private, ORIGIN) as log:
        log.seal()
    with engine.begin() as conn:  # A backup of before the key.
        conn.execute(delete(evidence_entries))
        conn.execute(delete(evidence_head))
    engine.dispose()
    before = {file.name: file.read_bytes() for file in ring.iterdir()}
    for command in (["new"], ["revoke", "--id", "K1"], ["retire", "--id", "K1"]):
        refused = CliRunner().invoke(keys_app, [*command, *words])
        assert refused.exit_code == 2
        assert "log-behind-checkpoint" in refused.output
    assert {file.name: file.read_bytes() for file in ring.iterdir()} == before


def test_a_process_beside_an_embedded_writer_compares_with_the_private_folder(
    tmp_path: Path,
) -> None:
    data, private = tmp_path / "data", tmp_path / "private"
    data.mkdir()
    engine = open_engine(sqlite_url(data / "db.sqlite"))
    migrate(engine)
    guard_by(engine, Guard(private))
    add_case(engine, "C-1", change=1)
    assert outcomes(engine) == {"logged"}, "a log that was never signed may grow"
    with signing(engine, private, ORIGIN):
        assert outcomes(engine) == {"logged"}
    engine.dispose()
    shutil.copytree(data, tmp_path / "backup")
    with signing(engine, private, ORIGIN) as log:
        assert outcomes(engine) == {"logged"}
        log.seal()
    engine.dispose()
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "backup", data)
    assert outcomes(engine) == {"log-behind-checkpoint"}
    shutil.move(private, tmp_path / "gone")
    assert outcomes(engine) == {"private-folder"}
    engine.dispose()
