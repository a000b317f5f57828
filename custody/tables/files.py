"""CSV and XLSX files as rows of named cells, each with its place in the file."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from custody.tables.words import COLUMNS, TableError, column_of

LARGEST_FILE = 20 * 1024 * 1024
LARGEST_UNPACKED = 300 * 1024 * 1024
MOST_ROWS = 100_000
IGNORED = "-"
"""What a column is mapped to that says nothing."""
_NEEDED = frozenset(["time", "step"])
_CODES = frozenset(["code", "gtin", "sscc"])


class Row(NamedTuple):
    """A row: its sheet, its number from 1, the cells by column, and the title of each column."""

    sheet: str
    number: int
    cells: dict[str, Any]
    titles: Mapping[str, str]


def read_table(content: bytes, columns: Mapping[str, str] | None = None) -> Iterator[Row]:
    """The rows of a CSV or XLSX file, in order, without empty ones.

    Args:
        columns: titles of this file → column names (or ``-`` for none), besides those known.

    Raises:
        TableError: it is neither, too large, or its columns are not those of item events.
    """
    if len(content) > LARGEST_FILE:
        raise TableError(f"a file has at most {LARGEST_FILE} bytes")
    wanted = _checked(columns or {})
    sheets = _xlsx(content) if content[:4] == b"PK\x03\x04" else [("", _csv(content))]
    count = 0
    for sheet, rows in sheets:
        for row in _named(sheet, rows, wanted):
            count += 1
            if count > MOST_ROWS:
                raise TableError(f"a file has at most {MOST_ROWS} rows")
            yield row
    if not count:
        raise TableError("it has no rows")


def _checked(columns: Mapping[str, str]) -> Mapping[str, str]:
    for title, name in columns.items():
        if name != IGNORED and name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise TableError(f"{name!r} is no column; there are {known}", field=title)
    return columns


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    text = _decoded(content)
    sample = text[:4096]
    delimiter = max(",;\t", key=sample.split("\n", 1)[0].count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise TableError(f"not CSV: {error}") from None


def _decoded(content: bytes) -> str:
    """UTF-8, or what Excel writes in China."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TableError("it is neither XLSX nor text in UTF-8 or GB 18030")


def _xlsx(content: bytes) -> Iterator[tuple[str, Iterable[Sequence[Any]]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise TableError("it is too large once unpacked")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                yield sheet.title, list(sheet.iter_rows(values_only=True))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise TableError(f"not XLSX: {error}") from None


def _named(
    sheet: str, rows: Iterable[Sequence[Any]], wanted: Mapping[str, str]
) -> Iterator[Row]:
    titles: dict[int, tuple[str, str]] | None = None
    for number, values in enumerate(rows, start=1):
        if all(value is None or str(value).strip() == "" for value in values):
            continue
        if titles is None:
            titles = _titles(sheet, values, wanted)
            continue
        cells = {
            name: values[index]
            for index, (name, _) in titles.items()
            if index < len(values) and values[index] not in (None, "")
        }
        yield Row(sheet, number, cells, dict(titles.values()))


def _titles(
    sheet: str, values: Sequence[Any], wanted: Mapping[str, str]
) -> dict[int, tuple[str, str]]:
    where = f"sheet {sheet!r}: " if sheet else ""
    found: dict[int, tuple[str, str]] = {}
    for index, value in enumerate(values):
        title = "" if value is None else str(value).strip()
        name = wanted.get(title) or column_of(title)
        if not title or name == IGNORED:
            continue
        if name is None:
            detail = f"{where}{title!r} is no column known here; map it, or map it to {IGNORED!r}"
            raise TableError(detail, field=title)
        if name in {known for known, _ in found.values()}:
            raise TableError(f"{where}there are two columns for {name!r}", field=title)
        found[index] = (name, title)
    names = {name for name, _ in found.values()}
    missing = sorted(_NEEDED - names) + ([] if names & _CODES else ["code"])
    if missing:
        raise TableError(f"{where}the columns {', '.join(missing)} are missing")
    return found
