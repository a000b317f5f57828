"""``evidence … --data``: the log of a service; and ``up`` that does not start on a restored one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from evidence.checkpoint import Checkpoint
from evidence.entry import Entry
from evidence.note import Note, VerifierKey
from evidence.tlog_proof import TlogProof
from store.evidence_log import EvidenceLog
from store.evidence_service import signing
from tracewarden.commands.evidence import app
from tracewarden.installation import EmbeddedFolder, open_database

runner = CliRunner()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of an embedded set whose log holds five signed entries."""
    folder = tmp_path / "data"
    grow(folder, 5)
    return folder


def grow(folder: Path, count: int) -> None:
    engine = open_database(folder)
    with signing(engine, EmbeddedFolder(folder).private, "o.example/log") as log:
        with engine.begin() as conn:
            EvidenceLog().append(conn, [Entry(None, {"n": n}) for n in range(count)])
        log.seal()
    engine.dispose()


def run(data: Path, *words: str) -> str:
    done = runner.invoke(app, [*words, "--data", str(data)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_log_of_a_service_is_signed_proven_and_written_as_tiles(
    data: Path, tmp_path: Path
) -> None:
    note = Note.parse(run(data, "checkpoint"))
    assert Checkpoint.parse(note.text).size == 5
    proof = TlogProof.parse(run(data, "prove", "--index", "3", "--size", "4"))
    assert Checkpoint.parse(proof.checkpoint.text).size == 4
    assert len(json.loads(run(data, "consistency", "--from", "2", "--to", "5"))["proof"]) == 2
    run(data, "tiles", "--out", str(tmp_path / "tiles"))
    assert (tmp_path / "tiles" / "checkpoint").read_bytes() == str(note).encode()
    assert run(data, "fsck") == ""


def test_a_rotated_key_signs_from_then_on(data: Path) -> None:
    before = Note.parse(run(data, "checkpoint"))
    key = VerifierKey.parse(json.loads(run(data, "rotate"))["public_key"])
    assert before.signatures[0].key_id != key.key_id
    assert Note.parse(run(data, "checkpoint")).verified_by([key]) == [key]
    assert run(data, "fsck") == ""


def test_a_service_that_never_signed_has_no_checkpoint(tmp_path: Path) -> None:
    open_database(tmp_path / "data").dispose()
    done = runner.invoke(app, ["checkpoint", "--data", str(tmp_path / "data")])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("private-folder: ")


def test_a_database_that_was_not_migrated_is_named_as_such(data: Path) -> None:
    engine = open_database(data)
    with engine.begin() as conn:
        conn.execute(text("DROP TABLE evidence_ids"))
        conn.execute(text("UPDATE alembic_version SET version_num = '0013'"))
    engine.dispose()
    done = runner.invoke(app, ["fsck", "--data", str(data)])
    assert done.exit_code == 2
    assert done.stderr.startswith("schema-behind: ")


def test_up_does_not_start_on_a_restored_backup(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "backup")
    grow(data, 2)
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "backup", data)
    command = [sys.executable, "-m", "tracewarden.cli", "up", "--data", str(data), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("tracewarden: log-behind-checkpoint")
    assert "Traceback" not in done.stderr
