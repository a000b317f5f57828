"""Our witness as any client of C2SP tlog-witness sees it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evidence.checkpoint import Checkpoint
from evidence.errors import NoteError
from evidence.note import Note, SigningKey, sign
from evidence.signature_types import timestamp_of
from evidence.tree import consistency_proof, leaf_hash, root_of
from evidence.witness import AddCheckpoint, WitnessRefusalError
from store.evidence_guard import GuardError
from store.witness_folder import WitnessFolder
from tests.outside.world import witness
from tracewarden.outside.posting import OutsideError, post

KEY = SigningKey.from_seed("example.com/log", bytes(32))
LEAVES = [leaf_hash(b"%d" % number) for number in range(64)]


def node(height: int, index: int) -> bytes:
    return root_of(LEAVES[index << height : (index + 1) << height])


def asked(old: int, new: int) -> AddCheckpoint:
    text = Checkpoint(KEY.name, new, root_of(LEAVES[:new])).text()
    return AddCheckpoint(old, tuple(consistency_proof(old, new, node)), sign(text, [KEY]))


def test_each_answer_has_the_status_and_the_form_of_the_specification(tmp_path: Path) -> None:
    with witness(tmp_path / "w", "w.example", KEY.verifier) as (made, url):

        def send(body: bytes) -> tuple[int, str, bytes]:
            answer = post(f"{url}/add-checkpoint", body, "text/plain", timeout_s=5)
            return answer.status, answer.media_type, answer.body

        status, _, body = send(str(asked(0, 8)).encode())
        assert status == 200
        note = Note.parse(f"{asked(0, 8).note.text}\n".encode() + body)
        assert note.verified_by([made.key.verifier]) == [made.key.verifier]
        assert (timestamp_of(note.signatures[0].signature) or 0) > 1_700_000_000
        assert send(str(asked(0, 9)).encode()) == (409, "text/x.tlog.size", b"8\n")
        assert send(str(asked(8, 12)).encode())[0] == 200
        assert send(str(asked(8, 12)).encode()) == (409, "text/x.tlog.size", b"12\n")
        assert send(str(asked(12, 12)).encode())[0] == 200
        assert send(b"nothing")[:2] == (400, "application/problem+json")
        assert send(b"x" * 70_000)[0] == 413
        assert (
            send(str(asked(12, 20)).replace("example.com/log\n20", "other\n20").encode())[0] == 404
        )
        with pytest.raises(OutsideError):
            post("ftp://127.0.0.1/", b"", "text/plain", timeout_s=1)


def test_a_witness_that_cannot_read_what_it_signed_last_signs_nothing(tmp_path: Path) -> None:
    with witness(tmp_path / "w", "w.example", KEY.verifier) as (made, url):

        def send(old: int, new: int) -> tuple[int, str]:
            body = str(asked(old, new)).encode()
            answer = post(f"{url}/add-checkpoint", body, "text/plain", timeout_s=5)
            return answer.status, answer.media_type

        assert send(0, 8)[0] == 200
        (last,) = (made.path / "last").iterdir()
        whole = last.read_bytes()
        for damaged in (b"", whole[:40], b"\xff" + whole):
            last.write_bytes(damaged)
            assert send(8, 12) == (503, "application/problem+json")
        last.write_bytes(whole)
        (made.path / "last").rename(made.path / "lost")
        assert send(8, 12)[0] in (409, 503)
        (made.path / "lost").rename(made.path / "last")
        assert send(8, 12)[0] == 200


def test_a_witnesss_key_that_was_cut_is_refused(tmp_path: Path) -> None:
    WitnessFolder.open(tmp_path, "w.example", bytes(32), [KEY.verifier])
    whole = (tmp_path / "key").read_bytes()
    for damaged in (b"", whole[:-9], b"\xff" + whole):
        (tmp_path / "key").write_bytes(damaged)
        with pytest.raises(NoteError):
            WitnessFolder.open(tmp_path, None, bytes(32), [KEY.verifier])


def test_of_many_requests_at_once_none_sets_the_log_back(tmp_path: Path) -> None:
    made = WitnessFolder.open(tmp_path / "w", "w.example", bytes(32), [KEY.verifier])
    again = WitnessFolder.open(tmp_path / "w", None, bytes(32), [KEY.verifier])
    signed: list[int] = []
    refused: set[int] = set()
    lock = threading.Lock()

    def grow(number: int) -> None:
        for new in range(1 + number, 64):
            try:
                last = made.last(KEY.name)
                old = 0 if last is None else Checkpoint.parse(last.text).size
                if old <= new:
                    (made, again)[number % 2].cosign(asked(old, new), 1)
                    with lock:
                        signed.append(new)
            except WitnessRefusalError as refusal:
                refused.add(refusal.status)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(grow, range(4)))
    assert refused <= {409}
    last = made.last(KEY.name)
    assert last is not None
    assert Checkpoint.parse(last.text).size == max(signed) == 63


def test_a_folder_is_one_witness_for_good(tmp_path: Path) -> None:
    with pytest.raises(GuardError):
        WitnessFolder.open(tmp_path / "w", None, bytes(32), [KEY.verifier])
    made = WitnessFolder.open(tmp_path / "w", "w.example", bytes(32), [KEY.verifier])
    assert (made.path / "key").stat().st_mode & 0o077 == 0
    again = WitnessFolder.open(tmp_path / "w", None, b"\1" * 32, [KEY.verifier])
    assert again.key == made.key
    with pytest.raises(GuardError):
        WitnessFolder.open(tmp_path / "w", "other.example", bytes(32), [KEY.verifier])
