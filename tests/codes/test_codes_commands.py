import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pyrage  # type: ignore[import-untyped]
import pytest
from typer.testing import CliRunner

from codes.jwks import load_jwks
from codes.signing import verify
from store.registry import read_rows
from tracewarden.commands import codes, keys
from tracewarden.installation import EmbeddedFolder, open_database

RUN = CliRunner()
GTIN = "09506000134352"
COMMAND = "import sys; from tracewarden.commands.codes import app; app(sys.argv[1:])"


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACEWARDEN_KEY_PASSPHRASE", "word")
    folder = tmp_path / "keys"
    result = RUN.invoke(keys.app, ["new", "--keys", str(folder)])
    assert json.loads(result.stdout) == {"key_id": "K1"}
    return folder


def issue(ring: Path, out: Path, *more: str, count: int = 10) -> list[str]:
    order = ["--keys", str(ring), "--gtin", GTIN, "--count", str(count), "--out", str(out)]
    return ["issue", *order, *more]


def test_each_line_gets_an_answer_in_order_and_a_bad_one_ends_with_1(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_bytes(
        b"https://a/01/9506000134352\n\n\xff\xfe\r\nhttps://a/01/%s/21/A%%2F" % GTIN.encode()
    )
    result = RUN.invoke(codes.app, ["parse", str(lines)])
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["ok"] for answer in answers] == [False, False, False, True]
    assert answers[0]["error"]["type"] == "uri-invalid"
    assert answers[0]["error"]["field"] == "01"
    assert answers[3]["elements"] == [["01", GTIN], ["21", "A/"]]
    assert result.exit_code == 1


def test_short_gtins_and_names_are_taken_where_asked_for(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("https://a/gtin/9506000134352/ser/X\n")
    assert RUN.invoke(codes.app, ["parse", str(lines)]).exit_code == 1
    one = RUN.invoke(codes.app, ["parse", str(lines), "--alphabetic"])
    assert json.loads(one.stdout)["error"]["field"] == "01"
    both = RUN.invoke(codes.app, ["parse", str(lines), "--alphabetic", "--short-gtins"])
    assert json.loads(both.stdout)["elements"] == [["01", GTIN], ["21", "X"]]


def test_good_lines_end_with_0_and_no_lines_too(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("")
    assert RUN.invoke(codes.app, ["parse", str(lines)]).exit_code == 0
    lines.write_text(f"https://a/01/{GTIN}\n")
    assert RUN.invoke(codes.app, ["parse", str(lines)]).exit_code == 0


def test_answers_come_while_the_input_pauses() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for serial in ("A", "B"):
            process.stdin.write(f"https://a/01/{GTIN}/21/{serial}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["elements"][1] == ["21", serial]
        process.stdin.close()
        assert process.wait(30) == 0


def test_issued_codes_verify_and_a_forged_one_does_not(ring: Path, tmp_path: Path) -> None:
    result = RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv", "--job", "J"))
    said = json.loads(result.stdout)
    assert (said["job"], said["count"], said["first_index"]) == ("J", 10, 0)
    with (tmp_path / "c.csv").open() as file:
        uris = [row["uri"] for row in csv.DictReader(file)]
    (tmp_path / "uris.txt").write_text("\n".join([*uris, uris[0].replace(GTIN, "00614141073467")]))
    arguments = ["verify", "--keys", str(ring / "jwks.json"), str(tmp_path / "uris.txt")]
    judged = RUN.invoke(codes.app, arguments)
    answers = [json.loads(line) for line in judged.stdout.splitlines()]
    assert [answer["signature"] for answer in answers] == ["valid"] * 10 + ["invalid"]
    assert set(answers[0]) == {"uri", "ok", "signature", "gtin", "serial", "key_id"}
    assert judged.exit_code == 1


def test_a_job_again_is_the_same_job_and_the_next_goes_on_after_it(
    ring: Path, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    first = RUN.invoke(codes.app, issue(ring, out, "--job", "J"))
    again = RUN.invoke(codes.app, issue(ring, out, "--job", "J"))
    assert json.loads(first.stdout)["first_index"] == json.loads(again.stdout)["first_index"]
    following = RUN.invoke(codes.app, issue(ring, tmp_path / "d.csv"))
    assert json.loads(following.stdout)["first_index"] == 10


def test_a_copied_signing_key_alone_makes_no_serials_that_the_jobs_know(
    ring: Path, tmp_path: Path
) -> None:
    RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv"))
    other = tmp_path / "other"
    RUN.invoke(keys.app, ["new", "--keys", str(other)])
    RUN.invoke(codes.app, issue(other, tmp_path / "d.csv"))
    with (tmp_path / "c.csv").open() as one, (tmp_path / "d.csv").open() as two:
        texts = [{row["text"] for row in csv.DictReader(file)} for file in (one, two)]
    assert not texts[0] & texts[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "--keys", "/nowhere/jwks.json"],
        ["parse", "/nowhere/lines"],
        ["issue", "--keys", "/nowhere", "--gtin", GTIN, "--count", "1", "--out", "x.csv"],
    ],
)
def test_what_cannot_be_carried_out_ends_with_2_and_one_line(
    arguments: list[str], ring: Path
) -> None:
    assert ring.exists()
    result = RUN.invoke(codes.app, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "more",
    [
        ["--lot", "ä"],
        ["--expiry", "x"],
        ["--expiry", ""],
        ["--domain", "a b"],
        ["--key", "K9"],
        ["--out", "x.txt"],
        ["--gtin", "0"],
        ["--data", __file__],
    ],
)
def test_a_wrong_order_ends_with_2_and_leaves_no_file(
    ring: Path, tmp_path: Path, more: list[str]
) -> None:
    result = RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv", *more))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not list(tmp_path.glob("*.csv*"))
    assert not (ring / "jobs.jsonl").exists() or not (ring / "jobs.jsonl").read_bytes()


def test_without_a_passphrase_nothing_secret_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRACEWARDEN_KEY_PASSPHRASE", raising=False)
    result = RUN.invoke(keys.app, ["new", "--keys", str(tmp_path / "k")])
    assert result.exit_code == 2
    assert not (tmp_path / "k").exists()


def test_a_revoked_key_is_said_to_be_so_and_signs_no_more(ring: Path, tmp_path: Path) -> None:
    RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv"))
    RUN.invoke(keys.app, ["revoke", "--keys", str(ring), "--id", "K1"])
    with (tmp_path / "c.csv").open() as file:
        uri = next(csv.DictReader(file))["uri"]
    assert verify(uri, load_jwks((ring / "jwks.json").read_bytes())).signature == "revoked-key"
    assert RUN.invoke(codes.app, issue(ring, tmp_path / "d.csv")).exit_code == 2
    RUN.invoke(keys.app, ["new", "--keys", str(ring)])
    listed = RUN.invoke(keys.app, ["list", "--keys", str(ring)]).stdout.splitlines()
    assert [json.loads(line)["key_id"] for line in listed] == ["K1", "K2"]
    assert RUN.invoke(codes.app, issue(ring, tmp_path / "d.csv")).exit_code == 0


def test_a_job_keeps_its_key_through_a_rotation(ring: Path, tmp_path: Path) -> None:
    RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv", "--job", "J"))
    RUN.invoke(keys.app, ["new", "--keys", str(ring)])
    (tmp_path / "c.csv").unlink()
    again = RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv", "--job", "J"))
    assert again.exit_code == 0
    assert "TW=K1." in (tmp_path / "c.csv").read_text()


@pytest.mark.parametrize("count", [60_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
def test_killed_twice_on_the_way_no_serial_is_lost_or_twice(
    ring: Path, tmp_path: Path, count: int
) -> None:
    out = tmp_path / "c.csv"
    arguments = issue(ring, out, "--job", "J", "--data", str(tmp_path / "data"), count=count)
    draft = tmp_path / ".c.csv.part"
    for wanted in (1, 2):
        before = draft.stat().st_size if draft.exists() else 0
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ,
        )
        while not draft.exists() or draft.stat().st_size < before + 400_000:
            assert process.poll() is None, f"ended before kill {wanted}"
            time.sleep(0.01)
        process.kill()
        process.wait()
    assert not out.exists()
    finished = RUN.invoke(codes.app, arguments)
    assert json.loads(finished.stdout)["count"] == count
    with out.open() as file:
        found = [(int(row["index"]), row["uri"].partition("?")[0]) for row in csv.DictReader(file)]
    assert [index for index, _ in found] == list(range(count))
    assert len({uri for _, uri in found}) == count


def test_a_job_is_sealed_for_a_plant(ring: Path, tmp_path: Path) -> None:
    RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv"))
    plant = str(pyrage.x25519.Identity.generate().to_public())
    sealed = tmp_path / "c.age"
    arguments = ["seal", str(tmp_path / "c.csv"), "--recipient", plant, "--out", str(sealed)]
    assert RUN.invoke(codes.app, arguments).exit_code == 0
    assert sealed.read_bytes().startswith(b"age-encryption.org/v1")
    missing = ["seal", str(tmp_path / "none"), "--recipient", plant, "--out", str(sealed)]
    assert RUN.invoke(codes.app, missing).exit_code == 2


def peak_mb(arguments: list[str]) -> float:
    """The largest memory of the command and of any of its workers, in MiB."""
    counted = (
        "import resource, sys; from tracewarden.commands.codes import app\n"
        "try: app(sys.argv[1:])\n"
        "finally: print(max(resource.getrusage(who).ru_maxrss for who in"
        " (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", counted, *arguments], capture_output=True, text=True, check=True
    )
    return int(result.stderr.split()[-1]) / 1024


@pytest.mark.parametrize(
    ("count", "suffix"),
    [(16_000, ".csv"), pytest.param(1_000_000, ".parquet", marks=pytest.mark.soak)],
)
def test_memory_does_not_grow_with_the_job(
    ring: Path, tmp_path: Path, count: int, suffix: str
) -> None:
    small = peak_mb(issue(ring, tmp_path / f"s{suffix}", count=count // 10))
    large = peak_mb(issue(ring, tmp_path / f"l{suffix}", count=count))
    assert large < small + 48


def test_a_job_is_noted_in_the_registry_once(ring: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for _ in range(2):
        result = RUN.invoke(
            codes.app, issue(ring, tmp_path / "c.csv", "--job", "J", "--data", str(data))
        )
        assert result.exit_code == 0, result.stderr
    engine = open_database(data)
    with engine.connect() as connection:
        revision, rows = read_rows(connection)
    engine.dispose()
    assert [(job.job, job.gtin, job.first_index, job.count) for job in rows.jobs] == [
        ("J", GTIN, 0, 10)
    ]
    assert revision == 1


def test_a_registry_out_of_reach_takes_no_indices(ring: Path, tmp_path: Path) -> None:
    data = tmp_path / "set"
    data.mkdir()
    EmbeddedFolder(data).database.write_bytes(b"no database at all, " * 99)
    result = RUN.invoke(codes.app, issue(ring, tmp_path / "c.csv", "--data", str(data)))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("tracewarden: database-error: ")
    assert not (ring / "jobs.jsonl").exists()


def test_a_job_that_is_ordered_otherwise_is_told_what_differs(ring: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.csv"
    assert RUN.invoke(codes.app, issue(ring, out, "--job", "j")).exit_code == 0
    result = RUN.invoke(codes.app, issue(ring, out, "--job", "j", "--lot", "L2", count=11))
    assert result.exit_code == 2
    assert "job j was ordered with count 10, not 11, lot None, not L2" in result.stderr
