"""Item events out of tables that people keep: CSV and XLSX files, one event a row."""

from custody.tables.events import TableEvent, event_of
from custody.tables.files import read_table
from custody.tables.template import template_csv, template_xlsx
from custody.tables.words import RowError, TableError

__all__ = [
    "RowError", "TableError", "TableEvent", "event_of", "read_table", "template_csv",
    "template_xlsx",
]
