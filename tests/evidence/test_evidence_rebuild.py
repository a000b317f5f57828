"""What is derived from the entries can be made anew; entries that are not whole are left alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, update
from typer.testing import CliRunner

from evidence.entry import Entry
from evidence.note import SigningKey
from store.evidence_folder import LogFolder
from store.evidence_log import EvidenceLog
from store.evidence_tiles import write_tiles
from store.evidence_writer import open_writer
from store.schema.evidence import evidence_entries, evidence_head, evidence_nodes
from tracewarden.commands.evidence import app

SIZE = 700
Damage = Callable[[Connection], object]


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    made = LogFolder.create(tmp_path / "log", None, SigningKey.from_seed("o.example", bytes(32)))
    with open_writer(made) as writer:
        writer.append([Entry(f"s-{n}" if n % 2 else None, {"n": n}) for n in range(SIZE)])
    return made


def damage(folder: LogFolder, *how: Damage) -> None:
    with folder.writing() as engine, engine.begin() as conn:
        for one in how:
            one(conn)


def rebuild(folder: LogFolder) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["rebuild", "--log", str(folder.path)])
    return done.exit_code, done.stdout, done.stderr


def tiles(folder: LogFolder, out: Path) -> dict[str, bytes]:
    with folder.reading() as conn:
        list(write_tiles(EvidenceLog(), conn, folder.guard.last(), out))
    files = (path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


ROW = evidence_entries.c.seq == 300
DERIVED: list[Damage] = [
    lambda conn: conn.execute(delete(evidence_nodes)),
    lambda conn: conn.execute(update(evidence_nodes).values(hash=bytes(32))),
    lambda conn: conn.execute(update(evidence_entries).where(ROW).values(leaf_hash=bytes(32))),
    lambda conn: conn.execute(update(evidence_entries).values(id_hash=None)),
    lambda conn: conn.execute(update(evidence_head).values(root=bytes(32), frontier=b"")),
    lambda conn: conn.execute(delete(evidence_head)),
]
ENTRIES: list[Damage] = [
    lambda conn: conn.execute(delete(evidence_entries).where(ROW)),
    lambda conn: conn.execute(update(evidence_entries).where(ROW).values(data=b"{}")),
    lambda conn: conn.execute(delete(evidence_entries).where(evidence_entries.c.seq >= 300)),
    lambda conn: conn.execute(update(evidence_entries).where(ROW).values(seq=5000)),
]


@pytest.mark.parametrize("how", DERIVED)
def test_what_is_derived_is_made_anew(folder: LogFolder, tmp_path: Path, how: Damage) -> None:
    before = tiles(folder, tmp_path / "before")
    damage(folder, how)
    assert list(folder.fsck()) != []
    code, out, _ = rebuild(folder)
    assert (code, json.loads(out)) == (0, {"size": SIZE})
    assert list(folder.fsck()) == []
    assert tiles(folder, tmp_path / "after") == before


@pytest.mark.parametrize("how", ENTRIES)
def test_entries_that_are_not_whole_are_left_as_they_are(folder: LogFolder, how: Damage) -> None:
    damage(folder, how, DERIVED[1])
    found = list(folder.fsck())
    code, _, said = rebuild(folder)
    assert (code, said.split(":")[0]) == (2, "log-damaged")
    assert list(folder.fsck()) == found
