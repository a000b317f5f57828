import csv
import fcntl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes import issuing
from codes.checksums import CHARSET_82
from codes.digital_link import parse
from codes.errors import CodeError
from codes.hidden_codes import HiddenCodes
from codes.issue_workers import chunks_by_workers
from codes.issuing import CHUNK, CodeMaker, MakerSecrets, base32_signatures, chunks, write_csv
from codes.jobs import IssueOrder, IssuingJob, allot, expiry_value, read_ledger
from codes.keyring import public_key_of
from codes.parquet_files import write_parquet
from codes.serials import Serials
from codes.signing import SeedSigner, token, verify
from tests.codes.conftest import SEED

NOW = datetime(2026, 11, 1, tzinfo=UTC)
GTIN = "09506000134352"
ORDER = IssueOrder(job="J-1", gtin=GTIN, count=25, key_id="K1", domain="b.example")
MASTER = b"m" * 32
KEYS = {"K1": public_key_of("K1", SEED)}


def secrets(*, count: int = 25, hidden: bool = False, **order: str) -> MakerSecrets:
    changed = msgspec.structs.replace(ORDER, count=count, **order)
    return MakerSecrets(
        IssuingJob(order=changed, first_index=40, issued_at=NOW), MASTER, SEED, hidden
    )


def quiet(done: int) -> None:
    del done


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_jobs_file_holds_each_code_once_and_each_verifies(tmp_path: Path) -> None:
    maker = secrets(lot='L,"1"', expiry="271231").maker()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    found = rows(tmp_path / "f.csv")
    assert [int(row["index"]) for row in found] == list(range(40, 65))
    assert len({row["uri"] for row in found}) == 25
    for row in found:
        assert verify(row["uri"], KEYS).ok
        serial = parse(row["uri"]).value("21")
        assert serial is not None
        assert Serials(MASTER).index_of(GTIN, serial) == int(row["index"])
        assert row["text"] == f'(01) {GTIN} (10) L,"1" (21) {serial} (17) 271231'


@given(lot=st.text(alphabet=CHARSET_82, min_size=1, max_size=20))
def test_any_lot_is_signed_and_printed_right(lot: str) -> None:
    maker = secrets(lot=lot).maker()
    (line,) = csv.reader([maker.csv_lines(3, 1).decode()])
    found = verify(line[1], KEYS)
    assert (found.ok, parse(line[1]).value("10")) == (True, lot)
    assert line[2] == f"(01) {GTIN} (10) {lot} (21) {found.serial}"
    assert maker.uris(3, 1) == [line[1]]


def test_hidden_codes_stand_in_the_file_where_they_are_asked_for(tmp_path: Path) -> None:
    maker = secrets(hidden=True).maker()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    for row in rows(tmp_path / "f.csv"):
        serial = parse(row["uri"]).value("21")
        assert HiddenCodes(MASTER).matches(GTIN, serial or "", row["hidden_code"])


@pytest.mark.parametrize("kept", [0, 1, 5, 10, 17, 300, 2000, 5400])
def test_a_file_that_was_cut_anywhere_is_continued_to_the_same_bytes(
    tmp_path: Path, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "CHUNK", 4)
    maker = secrets().maker()
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    write_csv(whole, maker, chunks(maker), quiet)
    (tmp_path / ".cut.csv.part").write_bytes(whole.read_bytes()[:kept])
    seen: list[int] = []
    write_csv(cut, maker, chunks(maker), seen.append)
    assert cut.read_bytes() == whole.read_bytes()
    assert seen[0] == max(0, whole.read_bytes()[:kept].count(b"\n") - 1)
    assert seen[-1] == 25
    assert not (tmp_path / ".cut.csv.part").exists()


def test_a_job_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    maker = secrets().maker()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    before = (tmp_path / "f.csv").stat().st_mtime_ns

    def never(first: int) -> Iterator[bytes]:
        raise AssertionError(first)

    write_csv(tmp_path / "f.csv", maker, never, quiet)
    assert (tmp_path / "f.csv").stat().st_mtime_ns == before


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "f.csv"
    out.write_text("index,uri,text\n1,x,y\n")
    maker = secrets().maker()
    with pytest.raises(CodeError, match="something else"):
        write_csv(out, maker, chunks(maker), quiet)
    assert out.read_text() == "index,uri,text\n1,x,y\n"
    other = replace(maker, serials=Serials(b"o" * 32))
    write_csv(tmp_path / "g.csv", maker, chunks(maker), quiet)
    with pytest.raises(CodeError):
        write_csv(tmp_path / "g.csv", other, chunks(other), quiet)


def test_two_processes_do_not_write_one_draft(tmp_path: Path) -> None:
    maker = secrets().maker()
    with (tmp_path / ".f.csv.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(CodeError, match="another process"):
            write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)


def test_parquet_holds_the_same_as_csv_and_is_recognised(tmp_path: Path) -> None:
    maker = secrets(hidden=True).maker()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    for _ in range(2):
        write_parquet(tmp_path / "f.parquet", maker, chunks(maker), quiet)
    table = pq.read_table(tmp_path / "f.parquet").to_pylist()
    assert [{**row, "index": str(row["index"])} for row in table] == rows(tmp_path / "f.csv")
    other = secrets(job="J-2").maker()
    with pytest.raises(CodeError):
        write_parquet(tmp_path / "f.parquet", other, chunks(other), quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "f.parquet"]


@pytest.mark.parametrize("left", [".f.parquet.csv.part", ".f.parquet.part"])
def test_a_parquet_file_comes_whole_after_a_kill_at_any_step(tmp_path: Path, left: str) -> None:
    maker = secrets().maker()
    write_parquet(tmp_path / "f.parquet", maker, chunks(maker), quiet)
    whole = (tmp_path / "f.parquet").read_bytes()
    write_csv(tmp_path / "f.csv", maker, chunks(maker), quiet)
    (tmp_path / left).write_bytes((tmp_path / "f.csv").read_bytes()[:700])
    if left == ".f.parquet.part":
        (tmp_path / "f.parquet").unlink()
    for _ in range(2):
        write_parquet(tmp_path / "f.parquet", maker, chunks(maker), quiet)
        assert (tmp_path / "f.parquet").read_bytes() == whole
        assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "f.parquet"]
    (tmp_path / "f.parquet").unlink()
    (tmp_path / ".f.parquet.csv.part").write_bytes((tmp_path / "f.csv").read_bytes()[:700])
    write_parquet(tmp_path / "f.parquet", maker, chunks(maker), quiet)
    assert (tmp_path / "f.parquet").read_bytes() == whole


def test_workers_make_the_same_bytes_in_the_same_order() -> None:
    asked = secrets(count=3 * CHUNK + 7)
    alone = b"".join(chunks(asked.maker())(CHUNK + 5))
    assert b"".join(chunks_by_workers(asked, 2)(CHUNK + 5)) == alone


def test_base32_in_bulk_is_base32() -> None:
    signatures = [SeedSigner("K1", SEED).sign(bytes([n])) for n in range(20)]
    assert base32_signatures(b"".join(signatures)) == [token("K", s)[2:] for s in signatures]


def test_jobs_of_a_product_never_share_an_index(tmp_path: Path) -> None:
    first = allot(tmp_path, ORDER, now=NOW)
    other = allot(
        tmp_path, msgspec.structs.replace(ORDER, job="J-2", gtin="00614141073467"), now=NOW
    )
    second = allot(tmp_path, msgspec.structs.replace(ORDER, job="J-3"), now=NOW)
    assert (first.first_index, other.first_index, second.first_index) == (0, 0, 25)
    assert first.covers(24)
    assert not first.covers(25)
    assert second.covers(25)


def test_the_same_order_is_the_same_job_and_another_is_refused(tmp_path: Path) -> None:
    job = allot(tmp_path, ORDER, now=NOW)
    assert allot(tmp_path, ORDER, now=datetime(2027, 1, 1, tzinfo=UTC)) == job
    with pytest.raises(CodeError, match="another order"):
        allot(tmp_path, msgspec.structs.replace(ORDER, count=26), now=NOW)
    assert read_ledger(tmp_path) == [job]


def test_a_torn_line_of_the_ledger_is_written_over(tmp_path: Path) -> None:
    first = allot(tmp_path, ORDER, now=NOW)
    with (tmp_path / "jobs.jsonl").open("ab") as ledger:
        ledger.write(b'{"order":{"job":"torn"')
    second = allot(tmp_path, msgspec.structs.replace(ORDER, job="J-2"), now=NOW)
    assert read_ledger(tmp_path) == [first, second]


@pytest.mark.parametrize(
    "wrong",
    [{"gtin": "1"}, {"count": 0}, {"job": ""}, {"job": "a/b"}, {"lot": "ä"}, {"expiry": "271301"}],
)
def test_a_wrong_order_takes_no_indices(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(CodeError):
        allot(tmp_path, msgspec.structs.replace(ORDER, **wrong), now=NOW)
    assert read_ledger(tmp_path) == []


def test_an_expiry_is_taken_in_two_forms() -> None:
    assert expiry_value("271231") == expiry_value("2027-12-31") == "271231"
    for wrong in ("1999-12-31", "271232", "2027-1-1", "soon"):
        with pytest.raises(CodeError):
            expiry_value(wrong)


def test_a_maker_needs_only_something_that_signs() -> None:
    class Device:
        key_id = "K1"

        def sign(self, message: bytes) -> bytes:
            return SeedSigner("K1", SEED).sign(message)

    maker = CodeMaker(secrets().job, Serials(MASTER), Device())
    assert all(verify(uri, KEYS).ok for uri in maker.uris(0, 3))
