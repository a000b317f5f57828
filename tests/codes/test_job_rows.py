from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.errors import CodeError
from codes.job_rows import Row, job_rows


def rows_of(path: Path) -> list[Row]:
    with job_rows(path, "uri") as (_, rows):
        return list(rows)


def test_a_job_reads_the_same_from_csv_and_from_parquet(tmp_path: Path) -> None:
    rows = [{"index": "7", "uri": "HTTPS://A/01/1"}, {"index": "8", "uri": 'HTTPS://A/"2",'}]
    text = 'index,uri\n7,HTTPS://A/01/1\n8,"HTTPS://A/""2"","\n'
    (tmp_path / "a.csv").write_text(text)
    table = pa.table({"index": [7, 8], "uri": [row["uri"] for row in rows]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert rows_of(tmp_path / "a.csv") == rows_of(tmp_path / "a.parquet") == rows


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("no-uri.csv", b"index,url\n1,2\n"),
        ("short.csv", b"index,uri\n1\n"),
        ("long.csv", b"index,uri\n1,2,3\n"),
        ("binary.csv", b"uri\n\xff\xfe\n"),
        ("text.parquet", b"uri\nHTTPS://A\n"),
        ("empty.parquet", b""),
    ],
)
def test_what_is_no_jobs_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CodeError) as raised:
        rows_of(tmp_path / name)
    assert (raised.value.type, raised.value.field) == ("job-invalid", "source")


@given(content=st.binary(max_size=60), suffix=st.sampled_from(["csv", "parquet"]))
def test_any_bytes_give_rows_or_the_one_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{suffix}"
    path.write_bytes(content)
    with suppress(CodeError):
        assert all("uri" in row for row in rows_of(path))
