"""The evidence commands as scripts see them: lines, exit codes, and what survives a kill."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from typer.testing import CliRunner

from evidence.checkpoint import Checkpoint
from evidence.note import Note, VerifierKey
from evidence.tlog_proof import TlogProof
from evidence.tree import leaf_hash, verify_consistency
from tracewarden.commands.evidence import app

RUN = [sys.executable, "-c", "from tracewarden.commands.evidence import app; app()"]


def run(*args: str | Path, stdin: bytes = b"", code: int = 0) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run([*RUN, *map(str, args)], input=stdin, capture_output=True, check=False)
    assert done.returncode == code, (done.stdout, done.stderr)
    assert b"Traceback" not in done.stderr
    return done


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    (made,) = lines(run("init", "--log", path, "--name", "example.com/log").stdout)
    assert (path / "public-key.txt").read_text() == made["public_key"] + "\n"
    return path


def test_each_line_is_answered_in_order_and_a_bad_one_changes_nothing_else(log: Path) -> None:
    stdin = (
        b'{"n":1}\n{"id":"a","n":2}\n{"id":"a","n":2}\n{"id":"a","n":3}\n[1]\n\n{"x":NaN}\n'
        b'{"a":1,"a":2}\n{"x":"\\ud800"}\n{"x":"' + b"y" * 65_536 + b'"}\n{"n":3.0}'
    )
    answers = lines(run("append", "--log", log, stdin=stdin, code=1).stdout)
    assert [answer.get("index", answer.get("error", {}).get("type")) for answer in answers] == [
        0, 1, 1, "entry-id-reused", "entry-not-object", "entry-not-json", "entry-number",
        "entry-duplicate-key", "entry-surrogate", "entry-too-large", 2,
    ]  # fmt: skip
    first: dict[str, Any] = {"body": {"n": 1}, "prev": "0" * 64, "seq": 0}
    assert answers[0]["leaf_hash"] == leaf_hash(rfc8785.dumps(first)).hex()
    prev, body = answers[0]["leaf_hash"], {"id": "a", "n": 2}
    second: dict[str, Any] = {"body": body, "id": "a", "prev": prev, "seq": 1}
    assert answers[1]["leaf_hash"] == leaf_hash(rfc8785.dumps(second)).hex()
    assert run("fsck", "--log", log).stdout == b""


def test_checkpoint_proofs_and_tiles_verify_from_the_public_key_alone(
    log: Path, tmp_path: Path
) -> None:
    stdin = b"".join(b'{"n":%d}\n' % number for number in range(300))
    answers = lines(run("append", "--log", log, stdin=stdin).stdout)
    key = VerifierKey.parse((log / "public-key.txt").read_text().strip())
    note = Note.parse(run("checkpoint", "--log", log).stdout)
    note.verified_by([key])
    whole = Checkpoint.parse(note.text)
    leaf = bytes.fromhex(answers[7]["leaf_hash"])
    for size in ((), ("--size", "260")):
        proof = TlogProof.parse(run("prove", "--log", log, "--index", "7", *size).stdout.decode())
        earlier = proof.verify(leaf, "example.com/log", [key])
    (answer,) = lines(run("consistency", "--log", log, "--from", "260", "--to", "300").stdout)
    path = [bytes.fromhex(node) for node in answer["proof"]]
    verify_consistency(260, 300, earlier.root, whole.root, path)
    run("tiles", "--log", log, "--out", tmp_path / "tiles")
    assert (tmp_path / "tiles/checkpoint").read_bytes() == str(note).encode()


def test_what_cannot_be_carried_out_ends_with_two_and_one_line(log: Path, tmp_path: Path) -> None:
    run("append", "--log", log, stdin=b"{}\n{}\n")
    for args in (
        ("init", "--log", log, "--name", "example.com/log"),
        ("init", "--log", tmp_path / "new", "--name", "two words"),
        ("append", "--log", tmp_path / "nothing"),
        ("append", "--log", log, "--private", tmp_path / "nothing"),
        ("checkpoint", "--log", tmp_path / "nothing"),
        ("prove", "--log", log, "--index", "2"),
        ("prove", "--log", log, "--index", "0", "--size", "3"),
        ("prove", "--log", log, "--index", "1", "--size", "1"),
        ("consistency", "--log", log, "--from", "1", "--to", "3"),
        ("consistency", "--log", log, "--from", "2", "--to", "1"),
        ("fsck", "--log", tmp_path / "nothing"),
        ("fsck", "--data", tmp_path / "nothing"),
        ("fsck", "--data", tmp_path, "--log", log),
    ):
        done = CliRunner().invoke(app, [str(arg) for arg in args])
        assert (done.exit_code, done.stdout) == (2, ""), args
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_finding_is_a_line_and_one_as_exit_code(log: Path) -> None:
    run("append", "--log", log, stdin=b'{"secret":"abcdefgh"}\n')
    data = (log / "log.sqlite").read_bytes()
    (log / "log.sqlite").write_bytes(data.replace(b"abcdefgh", b"abcdefgi"))
    found = lines(run("fsck", "--log", log, code=1).stdout)
    assert {"file-changed", "leaf-hash-changed"} <= {one["problem"] for one in found}
    assert all(set(one) == {"index", "problem", "detail"} for one in found)


def start(log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*RUN, "append", "--log", str(log)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_an_answer_comes_while_stdin_pauses_and_a_second_writer_is_refused(log: Path) -> None:
    with start(log) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        writer.stdin.write(b'{"n":1}\n')
        writer.stdin.flush()
        assert json.loads(writer.stdout.readline())["index"] == 0
        done = run("append", "--log", log, stdin=b"{}\n", code=2)
        assert done.stderr.startswith(b"second-writer: ")
        note = Note.parse(run("checkpoint", "--log", log).stdout)
        assert Checkpoint.parse(note.text).size == 1
        writer.stdin.close()
        assert writer.wait() == 0


@pytest.mark.parametrize("answered", [1, 40, 300])
def test_killed_while_appending_no_acknowledged_entry_is_lost(log: Path, answered: int) -> None:
    with start(log) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        os.set_blocking(writer.stdin.fileno(), False)
        acknowledged: list[dict[str, Any]] = []
        sent = 0
        while len(acknowledged) < answered:
            for _ in range(7):
                writer.stdin.write(b'{"id":"s-%d","n":%d}\n' % (sent, sent))
                sent += 1
            writer.stdin.flush()
            acknowledged.append(json.loads(writer.stdout.readline()))
        writer.send_signal(signal.SIGKILL)
        acknowledged += lines(writer.stdout.read())
        with suppress(BrokenPipeError):
            writer.stdin.close()
    assert run("fsck", "--log", log).stdout == b""
    again = b"".join(b'{"id":"s-%d","n":%d}\n' % (number, number) for number in range(sent))
    answers = lines(run("append", "--log", log, stdin=again).stdout)
    assert answers[: len(acknowledged)] == acknowledged
    assert [answer["index"] for answer in answers] == list(range(sent))
    assert run("fsck", "--log", log).stdout == b""


def test_a_value_is_erased_by_command_and_a_wrong_mix_of_options_is_refused(
    log: Path, tmp_path: Path
) -> None:
    (made,) = lines(run("commit", "--log", log, stdin=b'{"value":"Li Lei"}\n').stdout)
    run("append", "--log", log, stdin=json.dumps({"who": made}).encode())
    erased = ("erase", "--reason", "asked", "--commitment", made["commitment"])
    (answer,) = lines(run(*erased, "--log", log).stdout)
    assert answer["index"] == 1
    assert run("fsck", "--log", log).stdout == b""
    assert run(*erased, "--log", log, code=2).stderr.startswith(b"opening-unknown: ")
    assert run(*erased, "--data", tmp_path, code=2).stderr.startswith(b"usage: ")


def test_a_scan_is_erased_by_command(tmp_path: Path) -> None:
    done = run("erase", "--data", tmp_path / "d", "--reason", "asked", "--event", "scan:none")
    assert lines(done.stdout) == [{"scans": 0, "entries": []}]


def test_a_bundle_of_entries_is_made_and_verified_by_command(log: Path, tmp_path: Path) -> None:
    run("append", "--log", log, stdin=b'{"case_id":"C-1","n":1}\n{"n":2}\n{"case_id":"C-1"}\n')
    out = tmp_path / "case.zip"
    (made,) = lines(run("bundle", "--log", log, "--case", "C-1", "--out", out).stdout)
    assert (made["ok"], made["entry"], made["checked"]["entries"]) == (True, 3, 3)
    trust = log / "public-key.txt"
    (found,) = lines(run("verify", out, "--trust", trust).stdout)
    assert set(found) == {"ok", "checked", "first_problem"}
    out.write_bytes(out.read_bytes().replace(b'"n":1', b'"n":9'))
    (found,) = lines(run("verify", out, "--trust", trust, code=1).stdout)
    assert found["first_problem"]["file"] == "entries/0.json"
    for wrong in (("--index", "9"), ("--case", "C-9"), (), ("--alert", "x", "--index", "0")):
        run("bundle", "--log", log, *wrong, "--out", tmp_path / "no.zip", code=2)
    assert not (tmp_path / "no.zip").exists()
