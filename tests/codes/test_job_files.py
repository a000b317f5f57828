import fcntl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from codes import issuing
from codes.errors import CodeError
from codes.issuing import chunks
from codes.job_files import write_csv
from codes.parquet_files import write_parquet
from codes.serials import Serials
from tests.codes.test_issuing import quiet, rows, secrets


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
