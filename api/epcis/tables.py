"""Tables of item events on their way in: rows become events, and every bad row is named."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple

from sqlalchemy import Engine

from api.epcis.admission import Taken, admit
from custody.epcis.document import open_event
from custody.tables import RowError, TableEvent, event_of, read_table
from registry import Registry

MOST_ERRORS = 1000


class TableAdmission(NamedTuple):
    """What a file gave: rows read, events that can be taken, and bad rows in order."""

    rows: int
    taken: list[Taken]
    errors: list[RowError]


def admit_table(
    engine: Engine,
    registry: Registry,
    content: bytes,
    received_at: datetime,
    *,
    zone: tzinfo | None,
    columns: Mapping[str, str] | None = None,
) -> TableAdmission:
    """Read a CSV or XLSX file and judge each of its rows.

    Raises:
        TableError: nothing of it can be read.
    """
    parties = _Parties(registry)
    read: list[TableEvent] = []
    errors: list[RowError] = []
    rows = 0
    for row in read_table(content, columns):
        rows += 1
        try:
            read.append(event_of(row, zone=zone, party_of=parties.gln_of))
        except RowError as error:
            errors.append(error)
    opened = [open_event(one.event, index) for index, one in enumerate(read)]
    admission = admit(engine, opened, received_at)
    for problem in admission.errors:
        where = problem["field"]
        column = "time" if where == "eventTime" else where
        errors.append(read[problem["item"]].error(problem["detail"], column))
    errors.sort(key=lambda error: (error.sheet, error.row))
    return TableAdmission(rows, admission.taken, errors)


class _Parties:
    """Dealers by id and by name; a name that two have names neither."""

    def __init__(self, registry: Registry) -> None:
        self._glns: dict[str, str | None] = {}
        for dealer in registry.rows.dealers:
            known = self._glns.get(dealer.name, dealer.gln)
            self._glns[dealer.name] = dealer.gln if known == dealer.gln else None
        self._glns |= {dealer.dealer_id: dealer.gln for dealer in registry.rows.dealers}

    def gln_of(self, text: str) -> str | None:
        """The party's GLN."""
        return self._glns.get(text)
