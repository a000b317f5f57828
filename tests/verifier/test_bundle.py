"""A bundle verifies by itself, and whatever is changed in it is found and named."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.bundle import container
from evidence.commitments import commit
from evidence.entry import Entry
from evidence.errors import EvidenceError
from evidence.note import SigningKey
from evidence.signature_types import COSIGNATURE_ED25519
from store.evidence_export import entries_of_case, export, gather
from store.evidence_folder import LogFolder
from store.evidence_openings import erase, keep
from store.evidence_writer import open_writer
from verifier import read_trust, verify_bundle

KEY = SigningKey.from_seed("example.com/log", bytes(32))
WITNESS = SigningKey.from_seed("witness.example/w1", b"\1" * 32, COSIGNATURE_ED25519)
PHOTO = b"\xff\xd8 a photo of a receipt \xff\xd9"
SECRET = commit({"name": "李雷", "phone": "13800000000"}, b"\5" * 32)
TRUST = read_trust(f"# ours\n{KEY.verifier}\n")


class Made(NamedTuple):
    folder: LogFolder
    data: bytes


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = LogFolder.create(tmp_path_factory.mktemp("case") / "log", None, KEY)
    with open_writer(folder) as writer:
        with writer.transaction() as conn:
            keep(conn, [SECRET])
            writer.log.append(conn, [
                Entry(None, {"kind": "signal", "case_id": "C-1", "consumer": SECRET.in_entry()}),
                Entry(None, {"kind": "signal", "case_id": "C-2"}),
                Entry(None, {"kind": "attachment", "case_id": "C-1",
                             "sha256": sha256(PHOTO).hexdigest()}),
            ])  # fmt: skip
        with writer.reading() as conn:
            indices = entries_of_case(writer.log, conn, "C-1")
            contents = gather(
                writer.log, conn, KEY.verifier, case="C-1", indices=indices,
                attachments={"photo.jpg": PHOTO}, disclose=[SECRET.commitment],
            )  # fmt: skip
        return Made(folder, export(writer, contents, "arbitration").data)


def files_of(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def problem(data: bytes) -> tuple[str, str]:
    result = verify_bundle(data, TRUST)
    assert result.first_problem is not None
    return result.first_problem.file, result.first_problem.problem


def test_a_bundle_holds_under_the_logs_key_alone(made: Made) -> None:
    result = verify_bundle(made.data, TRUST)
    assert result.ok, result.first_problem
    assert result.checked["entries"] == 3
    assert result.checked["attachments"] == result.checked["disclosures"] == 1
    assert result.checked["origin"] == "example.com/log"


def test_a_changed_byte_of_a_photo_is_named(made: Made) -> None:
    files = files_of(made.data)
    photo = "attachments/photo.jpg"
    assert problem(container(files | {photo: PHOTO + b"x"})) == (photo, "file-changed")
    bent = made.data.replace(PHOTO, PHOTO.replace(b"receipt", b"Receipt"))
    assert problem(bent) == (photo, "file-changed")


def test_every_flipped_byte_of_the_file_is_found(made: Made) -> None:
    for place in range(len(made.data)):
        bent = bytearray(made.data)
        bent[place] ^= 1 << place % 8
        assert not verify_bundle(bytes(bent), TRUST).ok, place


def test_a_bundle_cut_anywhere_or_with_more_behind_it_is_found(made: Made) -> None:
    for length in range(0, len(made.data), 97):
        assert not verify_bundle(made.data[:length], TRUST).ok
    assert not verify_bundle(made.data + b"x", TRUST).ok
    assert not verify_bundle(b"x" + made.data, TRUST).ok


@pytest.mark.parametrize(
    ("name", "expected"),
    [("checkpoint", "file-missing"), ("contents.json", "file-missing"),
     ("entries/0.json", "entry-missing"), ("entries/3.json", "entry-missing"),
     ("proofs/2.tlog-proof", "file-missing"), ("attachments/photo.jpg", "file-missing"),
     ("disclosures.json", "file-missing"), ("README.txt", "file-missing")],
)  # fmt: skip
def test_a_missing_file_is_found(made: Made, name: str, expected: str) -> None:
    files = files_of(made.data)
    del files[name]
    assert problem(container(files))[1] == expected


def test_a_file_that_was_not_exported_is_named(made: Made) -> None:
    files = files_of(made.data) | {"attachments/more.jpg": b"x"}
    assert problem(container(files)) == ("attachments/more.jpg", "file-unknown")


def test_contents_rewritten_to_fit_a_change_are_not_what_was_logged(made: Made) -> None:
    files = files_of(made.data)
    contents = json.loads(files["contents.json"])
    forged = PHOTO + b"x"
    contents["files"]["attachments/photo.jpg"]["sha256"] = sha256(forged).hexdigest()
    files |= {"attachments/photo.jpg": forged, "contents.json": json.dumps(contents).encode()}
    assert problem(container(files)) == ("contents.json", "file-changed")


def test_a_forged_entry_does_not_lead_to_the_signed_root(made: Made) -> None:
    files = files_of(made.data)
    files["entries/0.json"] = files["entries/0.json"].replace(b"C-1", b"C-9")
    assert problem(container(files)) == ("entries/0.json", "not-in-log")


def test_a_bundle_packed_again_by_another_tool_is_found(made: Made) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as out:
        for name, data in files_of(made.data).items():
            out.writestr(name, data)
    assert problem(buffer.getvalue())[1] == "container-changed"


def test_keys_that_the_caller_does_not_trust_prove_nothing(made: Made) -> None:
    other = SigningKey.from_seed("example.com/log", b"\2" * 32)
    result = verify_bundle(made.data, read_trust(str(other.verifier)))
    assert result.first_problem is not None
    assert result.first_problem.problem == "checkpoint-invalid"
    elsewhere = SigningKey.from_seed("example.com/other", bytes(32))
    assert not verify_bundle(made.data, read_trust(str(elsewhere.verifier))).ok


@given(st.binary(max_size=200))
def test_whatever_bytes_it_is_given_the_verifier_names_a_problem(data: bytes) -> None:
    assert not verify_bundle(data, TRUST).ok
    assert not verify_bundle(container({"checkpoint": data, "contents.json": data}), TRUST).ok


def test_erasing_a_value_leaves_the_log_whole_and_is_an_entry(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.folder.path.parent, tmp_path / "case")
    folder = LogFolder.at(tmp_path / "case" / "log")
    with open_writer(folder) as writer:
        with writer.transaction() as conn:
            (gone,) = erase(
                conn, writer.log, [SECRET.commitment], reason="asked for", at="2026-01-01"
            )
        with writer.reading() as conn:
            (row,) = writer.log.rows(conn, gone.index, gone.index + 1)
        assert SECRET.commitment.encode() in row.data
        with writer.reading() as conn, pytest.raises(EvidenceError):
            gather(writer.log, conn, KEY.verifier, case=None, indices=[0], attachments={},
                   disclose=[SECRET.commitment])  # fmt: skip
    assert list(folder.fsck()) == []
    assert all(b"13800000000" not in file.read_bytes() for file in folder.path.iterdir())
    assert verify_bundle(made.data, TRUST).ok


def test_nothing_is_exported_that_no_entry_speaks_of(made: Made) -> None:
    with open_writer(made.folder) as writer, writer.reading() as conn:
        for attachments, disclose in (({"other.jpg": b"x"}, []), ({}, ["00" * 32]), ({}, ["x"])):
            with pytest.raises(EvidenceError):
                gather(writer.log, conn, KEY.verifier, case=None, indices=[0],
                       attachments=attachments, disclose=disclose)  # fmt: skip
        with pytest.raises(EvidenceError):
            gather(writer.log, conn, KEY.verifier, case=None, indices=[1], attachments={},
                   disclose=[SECRET.commitment])  # fmt: skip
        with pytest.raises(EvidenceError):
            entries_of_case(writer.log, conn, "C-3")


def test_the_package_alone_verifies_in_a_folder_without_us(made: Made, tmp_path: Path) -> None:
    shutil.copytree(Path("verifier"), tmp_path / "verifier")
    (tmp_path / "case.zip").write_bytes(made.data)
    (tmp_path / "keys.txt").write_text(str(KEY.verifier))
    code = (
        "import sys; sys.path.insert(0, '.'); "
        "from verifier.command import main; raise SystemExit(main())"
    )
    command = [sys.executable, "-P", "-c", code]
    arguments = ["case.zip", "--trust", "keys.txt"]
    done = subprocess.run(command + arguments, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["ok"] is True
    (tmp_path / "case.zip").write_bytes(made.data.replace(b"receipt", b"Receipt"))
    done = subprocess.run(command + arguments, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["first_problem"]["file"] == "attachments/photo.jpg"
    done = subprocess.run([*command, "no.zip", "--trust", "keys.txt"], cwd=tmp_path,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
