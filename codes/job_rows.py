"""A job's file read again, CSV or Parquet: its columns, and its rows one after the other."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from codes.errors import CodeError

Row = dict[str, str]


def _refused(detail: str) -> CodeError:
    return CodeError(detail, field="source", type="job-invalid")


@contextmanager
def job_rows(path: Path, column: str) -> Iterator[tuple[list[str], Iterator[Row]]]:
    """The columns of the file, ``column`` among them, and its rows, read as they are asked for.

    Raises:
        CodeError: ``job-invalid``: it is no such file, lacks the column, or a row is not whole;
            what is wrong with a row is raised where it is read, inside the block.
        OSError: it cannot be opened.
    """
    read = _parquet if path.suffix == ".parquet" else _csv
    try:
        with read(path) as (columns, rows):
            if column not in columns:
                raise _refused(f"the file has no column `{column}`")
            yield columns, _whole(columns, rows)
    except (UnicodeDecodeError, csv.Error, pa.ArrowInvalid) as error:
        raise _refused(f"{path} is no job's file: {error}") from None


@contextmanager
def _csv(path: Path) -> Iterator[tuple[list[str], Iterable[dict[Any, Any]]]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        yield list(reader.fieldnames or ()), reader


@contextmanager
def _parquet(path: Path) -> Iterator[tuple[list[str], Iterable[dict[Any, Any]]]]:
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches()
        yield file.schema_arrow.names, (row for batch in batches for row in batch.to_pylist())


def _whole(columns: list[str], rows: Iterable[dict[Any, Any]]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        if None in row or None in row.values():
            raise _refused(f"row {number} has not {len(columns)} values")
        yield {name: str(value) for name, value in row.items()}
