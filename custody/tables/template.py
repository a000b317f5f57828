"""Empty tables to fill in, with one row as an example and the words for steps."""

import csv
import io
from typing import Literal

import openpyxl

from custody.tables.words import STEPS, TITLES

Language = Literal["zh", "en"]
_EXAMPLE = {
    "time": "2026-03-02 18:00",
    "code": "(01)09506000134352(21)A1",
    "from": "9506000000015",
    "to": "9506000100067",
    "site": "9506000200064",
    "document": "DN-1001",
}
_SHEET = {"en": "Events", "zh": "业务记录"}
_WORDS = {"en": "Steps", "zh": "业务类型"}
_RECEIVING = {"en": "receiving", "zh": "入库"}


def template_csv(language: Language) -> bytes:
    """A CSV file that Excel opens in the right encoding."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_rows(language))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def template_xlsx(language: Language) -> bytes:
    """An XLSX file; its cells are text, so that no digits are lost. A hidden sheet lists steps."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None, "a new workbook has a sheet"
    sheet.title = _SHEET[language]
    for values in _rows(language):
        sheet.append(values)
    for row in sheet.iter_rows(min_row=1, max_row=200, max_col=len(TITLES[language])):
        for cell in row:
            cell.number_format = "@"
    words = book.create_sheet(_WORDS[language])
    words.sheet_state = "hidden"
    for names in STEPS.values():
        words.append([next((n for n in names if n.isascii() is (language == "en")), names[0])])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _rows(language: Language) -> list[list[str]]:
    titles = TITLES[language]
    example = {**_EXAMPLE, "step": _RECEIVING[language]}
    return [list(titles.values()), [example.get(name, "") for name in titles]]
