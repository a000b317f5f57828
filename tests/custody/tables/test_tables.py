"""Tables become events: what people write, and what is wrong with it by sheet, row and column."""

import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.epcis.document import open_event
from custody.tables import (
    RowError,
    TableError,
    event_of,
    read_table,
    template_csv,
    template_xlsx,
)
from custody.tables.template import Language

BRAND, DEALER = "9506000000015", "9506000100067"
ITEM, SSCC = "https://id.gs1.org/01/09506000134352/21/A1", "395060000010000082"
CHINA = timezone(timedelta(hours=8))
ENGLISH = "time,step,code,container,from,to,site,document"


def xlsx(*rows: list[Any], sheet: str = "Sheet1", hidden: bool = False) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    if hidden:
        book.create_sheet("words").append(["not a table"])
        book["words"].sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parties(text: str) -> str | None:
    return {"D-A": DEALER, "兰花商贸": DEALER}.get(text)


def events(content: bytes, **columns: str) -> list[dict[str, Any]]:
    rows = read_table(content, columns)
    return [event_of(row, zone=CHINA, party_of=parties).event for row in rows]


def test_a_row_in_english_is_an_event() -> None:
    row = f"2026-03-02 18:00,receiving,(01)09506000134352(21)A1,,{BRAND},D-A,9506000200064,DN 1"
    (event,) = events(f"{ENGLISH}\n{row}\n".encode())
    assert event["eventTime"] == "2026-03-02T18:00:00+08:00"
    assert event["eventTimeZoneOffset"] == "+08:00"
    assert (event["bizStep"], event["disposition"]) == ("receiving", "in_progress")
    assert event["epcList"] == [ITEM]
    assert event["bizLocation"] == {"id": "https://id.gs1.org/414/9506000200064"}
    assert event["destinationList"][0]["destination"] == f"https://id.gs1.org/417/{DEALER}"
    assert event["bizTransactionList"][0]["bizTransaction"] == "urn:document:DN%201"
    assert event["eventID"].startswith("ni:///sha-256;")
    assert open_event(event).violations == ()


def test_a_row_in_chinese_out_of_excel_is_the_same_event() -> None:
    titles = ["时间", "业务类型", "编码", "发货方", "收货方", "地点", "单号"]
    at = datetime(2026, 3, 2, 18, tzinfo=UTC).replace(tzinfo=None)
    values = [at, "入库", ITEM, BRAND, "兰花商贸", 9506000200064, "DN 1"]
    row = f"2026-03-02 18:00,receiving,{ITEM},,{BRAND},D-A,9506000200064,DN 1"
    assert events(xlsx(titles, values, hidden=True)) == events(f"{ENGLISH}\n{row}".encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_as_spreadsheets_write_it(encoding: str, delimiter: str) -> None:
    lines = [["时间", "业务", "编码"], ["2026/3/2 18:00", "出库", SSCC], ["", "", ""]]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    (event,) = events(text.encode(encoding))
    assert (event["bizStep"], event["epcList"]) == ("shipping", [f"https://id.gs1.org/00/{SSCC}"])


@pytest.mark.parametrize(
    ("code", "epc"),
    [
        (ITEM, ITEM),
        ("HTTPS://ID.BRAND.EXAMPLE/01/09506000134352/21/A1?TW=K1.X", ITEM),
        ("urn:epc:id:sgtin:9506000.013435.A1", ITEM),
        ("(01)09506000134352(21)A1", ITEM),
        ("010950600013435221A1", ITEM),
        (f"(00){SSCC}", f"https://id.gs1.org/00/{SSCC}"),
        (f"00{SSCC}", f"https://id.gs1.org/00/{SSCC}"),
        (SSCC, f"https://id.gs1.org/00/{SSCC}"),
    ],
)
def test_a_code_may_be_written_in_many_ways(code: str, epc: str) -> None:
    (event,) = events(f"time,step,code\n2026-03-02,销售,{code}".encode())
    assert event["epcList"] == [epc]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-03-02", "2026-03-02T00:00:00+08:00"),
        ("2026/3/2 8:05", "2026-03-02T08:05:00+08:00"),
        ("2026年3月2日 18时05分", "2026-03-02T18:05:00+08:00"),
        ("2026-03-02T18:00:07Z", "2026-03-02T18:00:07+00:00"),
        ("2026-03-02 18:00:07 -0500", "2026-03-02T18:00:07-05:00"),
    ],
)
def test_a_time_may_be_written_in_many_ways(written: str, read: str) -> None:
    (event,) = events(f"time,step,code\n{written},sold,{ITEM}".encode())
    assert event["eventTime"] == read


@pytest.mark.parametrize(
    ("word", "step", "disposition"),
    [
        ("装箱", "packing", None), ("拆箱", "unpacking", None), ("退货", "receiving", "returned"),
        ("退货出库", "shipping", "returned"), ("Return Shipping", "shipping", "returned"),
        ("销毁", "destroying", "destroyed"), ("召回", "holding", "recalled"),
        ("void-shipping", "void_shipping", None), ("赋码", "commissioning", "active"),
        ("ＳＨＩＰＰＥＤ", "shipping", "in_transit"), ("注销", "decommissioning", "inactive"),
    ],
)  # fmt: skip
def test_each_step_has_its_words(word: str, step: str, disposition: str | None) -> None:
    (event,) = events(f"time,step,code,上级码\n2026-03-02,{word},{ITEM},{SSCC}".encode())
    assert (event["bizStep"], event.get("disposition")) == (step, disposition)
    assert open_event(event).violations == ()


GOOD = ["2026-03-02", "packing", ITEM, SSCC, BRAND]


@pytest.mark.parametrize(
    ("index", "value", "column"),
    [
        (0, "Monday", "time"), (0, None, "time"), (0, "2026-02-30", "time"), (0, 46083, "time"),
        (1, "teleported", "step"), (1, None, "step"),
        (2, "123", "code"), (2, "https://id.gs1.org/01/1/21/A", "code"), (2, None, "code"),
        (2, 395060000010000082, "code"), (2, "(10)A", "code"),
        (2, "(01)09506000134353(21)A", "code"),
        (3, None, "container"), (3, "x", "container"), (3, ITEM, "container"),
        (4, "Nobody", "from"), (4, "9506000000016", "from"), (4, 1.5, "from"),
    ],
)  # fmt: skip
def test_a_cell_that_is_wrong_is_named_by_sheet_row_and_column(
    index: int, value: Any, column: str
) -> None:
    bad = [*GOOD[:index], value, *GOOD[index + 1 :]]
    rows = list(read_table(xlsx(["time", "step", "code", "container", "from"], GOOD, bad)))
    with pytest.raises(RowError) as caught:
        event_of(rows[1], zone=CHINA, party_of=parties)
    assert (caught.value.sheet, caught.value.row, caught.value.column) == ("Sheet1", 3, column)
    assert caught.value.as_dict()["row"] == "3"


def test_a_time_without_an_offset_needs_the_zone_of_its_file() -> None:
    (row,) = read_table(f"time,step,code\n2026-03-02 18:00,sold,{ITEM}".encode())
    with pytest.raises(RowError) as caught:
        event_of(row, zone=None, party_of=parties)
    assert caught.value.column == "time"
    assert event_of(row, zone=UTC, party_of=parties).event["eventTimeZoneOffset"] == "+00:00"


def test_gtin_and_serial_may_have_columns_of_their_own_but_no_lost_digits() -> None:
    titles = ["time", "step", "gtin", "serial"]
    (event,) = events(xlsx(titles, ["2026-03-02", "sold", 9506000134352, "A1"]))
    assert event["epcList"] == [ITEM]
    with pytest.raises(RowError) as caught:
        events(xlsx(titles, ["2026-03-02", "sold", 9506000134352, 17]))
    assert caught.value.column == "serial"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", ""),
        (b"\xff\xfe\x00", ""),
        (b"PK\x03\x04 no archive", ""),
        (b"time,step,code\n", ""),
        (b"time,step\n2026-03-02,sold", ""),
        (b"time,step,code,colour\n2026-03-02,sold,x,red", "colour"),
        (b"time,date,step,code\n1,1,sold,x", "date"),
        (b'time,step,code\n"2026-03-02,sold,x', ""),
        (xlsx(["what", "is", "this"]), "what"),
    ],
)
def test_a_file_that_is_no_table_of_events_is_refused_as_a_whole(
    content: bytes, field: str
) -> None:
    with pytest.raises(TableError) as caught:
        list(read_table(content))
    assert caught.value.field == field


def test_columns_with_other_names_are_mapped() -> None:
    content = f"何时,step,货号,备注\n2026-03-02,sold,{ITEM},x".encode()
    (event,) = events(content, 何时="time", 货号="code", 备注="-")
    assert event["epcList"] == [ITEM]
    with pytest.raises(TableError):
        list(read_table(content, {"货号": "colour"}))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_template_is_a_table_itself(language: Language) -> None:
    from_csv, from_xlsx = events(template_csv(language)), events(template_xlsx(language))
    assert from_csv == from_xlsx
    assert open_event(from_csv[0]).violations == ()


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_bytes_get_anything_but_rows_or_an_error(content: bytes) -> None:
    with suppress(RowError, TableError):
        events(b"time,step,code\n" + content)
