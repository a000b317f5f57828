"""Anchoring: real witnesses and a real authority over HTTP, and what can go wrong with them."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.entry import Entry, read_entry
from evidence.errors import EvidenceError
from evidence.note import Note, SigningKey, VerifierKey
from evidence.witness import AddCheckpoint
from evidence.witness_policy import WitnessPolicy, read_policy
from store.evidence_anchors import (
    Anchor,
    LoggedAnchor,
    Seen,
    anchors,
    check_anchors,
    last_cosigned,
    longest_unanchored,
)
from store.evidence_folder import LogFolder
from store.evidence_writer import LogWriter, open_writer
from store.witness_folder import WitnessFolder
from tests.outside.world import Chain, authority, make_chain, witness
from tracewarden.commands.evidence import app
from tracewarden.outside.anchoring import Outside, anchor
from tracewarden.outside.keeping import ask_now, is_due
from tracewarden.outside.timestamping import Authority

KEY = SigningKey.from_seed("example.com/log", bytes(32))


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder.create(tmp_path / "log", None, KEY)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return make_chain(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def two(tmp_path: Path) -> Iterator[list[tuple[WitnessFolder, str]]]:
    with (
        witness(tmp_path / "w1", "w1.example", KEY.verifier) as one,
        witness(tmp_path / "w2", "w2.example", KEY.verifier) as other,
    ):
        yield [one, other]


def policy_of(witnesses: list[tuple[WitnessFolder, str]], quorum: str = "all") -> WitnessPolicy:
    lines = [
        f"witness w{number} {made.key.verifier} {url}"
        for number, (made, url) in enumerate(witnesses, 1)
    ]
    names = " ".join(f"w{number}" for number in range(1, len(witnesses) + 1))
    return read_policy("\n".join([*lines, f"group g {quorum} {names}", "quorum g", ""]))


def grow(writer: LogWriter, number: int) -> None:
    writer.append([Entry(None, {"n": one}) for one in range(number)])


def test_two_witnesses_and_an_authority_sign_and_the_log_says_so(
    folder: LogFolder, two: list[tuple[WitnessFolder, str]], chain: Chain
) -> None:
    with authority(chain) as url, open_writer(folder) as writer:
        outside = Outside(policy_of(two), (Authority(url, (chain.root,)),))
        for number in (3, 5):
            grow(writer, number)
            done = anchor(writer, outside)
            assert done.failures == []
            assert done.logged is not None
            assert done.logged.anchor.counts
        with writer.reading() as conn:
            first, second = anchors(conn, writer.log)
            assert (first.anchor.size, first.index, second.anchor.size) == (3, 3, 9)
            assert list(check_anchors(conn, writer.log)) == []
            note = last_cosigned(conn, writer.log)
            (row,) = writer.log.rows(conn, 9, 10)
        assert note is not None
        keys = [KEY.verifier, *(made.key.verifier for made, _ in two)]
        assert note.verified_by(keys) == keys
        assert set(read_entry(row.data).body["files"]) == {"checkpoint", "127.0.0.1.tsr"}
    assert list(folder.fsck()) == []


def test_what_others_signed_can_be_checked_by_openssl(
    folder: LogFolder, chain: Chain, tmp_path: Path
) -> None:
    with authority(chain) as url, open_writer(folder) as writer:
        grow(writer, 1)
        done = anchor(writer, Outside(authorities=(Authority(url, (chain.root,)),)))
    assert done.logged is not None
    files = done.logged.anchor.files
    (tmp_path / "text").write_text(Note.parse(files["checkpoint"]).text)
    (tmp_path / "reply.tsr").write_bytes(files["127.0.0.1.tsr"])
    command = ["openssl", "ts", "-verify", "-data", "text", "-in", "reply.tsr",
               "-CAfile", str(chain.roots)]  # fmt: skip
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_a_witness_that_forgot_or_that_we_forgot_is_proven_to_from_where_it_stands(
    folder: LogFolder, two: list[tuple[WitnessFolder, str]]
) -> None:
    made, _ = two[0]
    with open_writer(folder) as writer:
        grow(writer, 4)
        made.cosign(AddCheckpoint(0, (), writer.seal()), 1)
        grow(writer, 4)
        assert anchor(writer, Outside(policy_of(two))).failures == []
        (made.path / "last").rename(made.path / "lost")
        (made.path / "last").mkdir()
        grow(writer, 1)
        assert anchor(writer, Outside(policy_of(two))).failures == []


def test_a_log_that_was_set_back_or_forked_is_refused_by_name(
    folder: LogFolder, two: list[tuple[WitnessFolder, str]], tmp_path: Path
) -> None:
    with open_writer(folder) as writer:
        grow(writer, 9)
        anchor(writer, Outside(policy_of(two)))
    forked = LogFolder.create(tmp_path / "fork", None, KEY)
    with open_writer(forked) as writer:
        writer.append([Entry(None, {"other": one}) for one in range(5)])
        done = anchor(writer, Outside(policy_of(two)))
        assert done.logged is None
        assert {failure.type for failure in done.failures} == {"witness-ahead"}
        writer.append([Entry(None, {"other": one}) for one in range(9)])
        done = anchor(writer, Outside(policy_of(two)))
        assert done.logged is None
        assert all("422" in failure.detail for failure in done.failures)
        assert anchors_of(writer) == []


def anchors_of(writer: LogWriter) -> list[LoggedAnchor]:
    with writer.reading() as conn:
        return anchors(conn, writer.log)


def test_less_than_a_quorum_is_kept_but_does_not_count(
    folder: LogFolder, two: list[tuple[WitnessFolder, str]]
) -> None:
    dead = (two[1][0], "http://127.0.0.1:9")
    with open_writer(folder) as writer:
        grow(writer, 2)
        done = anchor(writer, Outside(policy_of([two[0], dead]), timeout_s=2))
        assert done.logged is not None
        assert not done.logged.anchor.counts
        assert [failure.type for failure in done.failures] == ["outside-failed"]
        done = anchor(writer, Outside(policy_of([two[0], dead], "any"), timeout_s=2))
        assert done.logged is not None
        assert done.logged.anchor.counts


def test_an_authority_whose_root_is_another_is_not_believed(
    folder: LogFolder, chain: Chain, tmp_path: Path
) -> None:
    other = make_chain(tmp_path / "other", curve=True)
    with authority(chain) as url, open_writer(folder) as writer:
        grow(writer, 1)
        done = anchor(writer, Outside(authorities=(Authority(url, (other.root,)),)))
    assert done.logged is None
    assert [failure.type for failure in done.failures] == ["timestamp-invalid"]


def test_with_nobody_to_ask_it_says_so(folder: LogFolder) -> None:
    with open_writer(folder) as writer, pytest.raises(EvidenceError) as refused:
        anchor(writer, Outside())
    assert refused.value.type == "outside-unknown"


def test_the_longest_interval_lies_between_anchors_that_count_or_runs_on() -> None:
    def logged(at: int, counts: bool = True) -> LoggedAnchor:
        return LoggedAnchor(0, Anchor(1, {}, (Seen("w", at),), quorum=counts))

    assert longest_unanchored([], now=9) is None
    found = [logged(100), logged(150, counts=False), logged(300), logged(310)]
    longest = longest_unanchored(found, now=320)
    assert longest is not None
    assert (longest.begin, longest.end) == (100, 300)
    longest = longest_unanchored(found, now=9999)
    assert longest is not None
    assert (longest.begin, longest.seconds) == (310, 9689)


def test_the_commands_run_a_witness_anchor_a_log_and_print_the_longest_interval(
    folder: LogFolder, chain: Chain, tmp_path: Path
) -> None:
    (tmp_path / "logs.txt").write_text(f"# ours\n{KEY.verifier}\n")
    code = "from tracewarden.commands.evidence import app; app()"
    command = [sys.executable, "-c", code, "witness", "--data", str(tmp_path / "w"),
               "--logs", str(tmp_path / "logs.txt"), "--name", "w.example/1"]  # fmt: skip
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as running,
        authority(chain) as url,
    ):
        assert running.stdout is not None
        line = json.loads(running.stdout.readline())
        assert VerifierKey.parse(line["public_key"]).name == "w.example/1"
        (tmp_path / "policy").write_text(
            f"witness w {line['public_key']} {line['url']}\nquorum w\n"
        )
        run = CliRunner()
        common = ["--log", str(folder.path)]
        done = run.invoke(app, ["anchor", *common, "--policy", str(tmp_path / "policy"),
                                "--timestamps", url,
                                "--timestamp-roots", str(chain.roots)])  # fmt: skip
        assert done.exit_code == 0, done.output
        made = json.loads(done.stdout)
        assert (made["size"], made["counts"]) == (0, True)
        running.terminate()
        assert running.wait(10) == 0
    done = run.invoke(app, ["anchor", *common, "--policy", str(tmp_path / "policy")])
    assert done.exit_code == 1
    assert done.stderr.startswith("outside-failed: ")
    done = run.invoke(app, ["anchors", *common])
    assert done.exit_code == 0
    *_, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert last["anchors"] == 1
    assert last["longest_unanchored_s"] <= time.time()
    done = run.invoke(app, ["anchor", *common, "--timestamps", url])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)


def test_anchoring_is_due_where_nobody_signed_for_so_long_and_faults_wait(
    folder: LogFolder, two: list[tuple[WitnessFolder, str]]
) -> None:
    dead = (two[1][0], "http://127.0.0.1:9")
    with open_writer(folder) as writer:
        grow(writer, 2)
        assert is_due(writer, 3600, time.time())
        assert not ask_now(writer, Outside(policy_of([two[0], dead]), timeout_s=2))
        assert is_due(writer, 3600, time.time())
        assert ask_now(writer, Outside(policy_of(two)))
        assert not is_due(writer, 3600, time.time())
        assert is_due(writer, 3600, time.time() + 3601)


def test_a_clock_that_is_wrong_ours_or_a_witnesss_does_not_end_the_anchoring(
    folder: LogFolder, tmp_path: Path
) -> None:
    now = time.time()
    year = 365 * 86_400
    ahead = datetime.fromtimestamp(now + 70 * year, UTC)
    with (
        witness(tmp_path / "w", "w.example", KEY.verifier, lambda: ahead) as wrong,
        open_writer(folder) as writer,
    ):
        grow(writer, 2)
        assert ask_now(writer, Outside(policy_of([wrong])))
        assert is_due(writer, 3600, now)
        assert not is_due(writer, 3600, now + 70 * year)


def test_an_anchor_whose_files_were_changed_is_found_by_fsck(
    folder: LogFolder, two: list[tuple[WitnessFolder, str]]
) -> None:
    with open_writer(folder) as writer:
        grow(writer, 2)
        assert anchor(writer, Outside(policy_of(two))).failures == []
    run = CliRunner()
    assert run.invoke(app, ["fsck", "--log", str(folder.path)]).output == ""
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("UPDATE evidence_anchors SET data = data || x'00'")
    done = run.invoke(app, ["fsck", "--log", str(folder.path)])
    assert done.exit_code == 1
    assert "anchor-changed" in {json.loads(line)["problem"] for line in done.stdout.splitlines()}
