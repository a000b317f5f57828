"""A row becomes an EPCIS event. Its id is its CBV event hash, so a row that comes twice is one."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from codes.epc import party_uri
from custody.epcis.event_hash import event_hash
from custody.tables.cells import (
    CellError,
    PartyOf,
    epc_of,
    gln_of_party,
    gln_of_site,
    gtin_serial_of,
    sscc_of,
    text_of,
    time_of,
)
from custody.tables.files import Row
from custody.tables.words import Meaning, RowError, step_of

T = TypeVar("T")


class TableEvent(NamedTuple):
    """An event and the row that it came from."""

    row: Row
    event: dict[str, Any]

    def error(self, detail: str, column: str = "") -> RowError:
        """What is wrong with the row as a whole, or with a column of it."""
        title = self.row.titles.get(column, column)
        return RowError(detail, sheet=self.row.sheet, row=self.row.number, column=title)


def event_of(row: Row, *, zone: tzinfo | None, party_of: PartyOf) -> TableEvent:
    """The event that a row says.

    Args:
        zone: the time zone of times that have none.

    Raises:
        RowError: with the cell that is wrong.
    """
    at = _cell(row, "time", lambda value: time_of(value, zone))
    meaning = _cell(row, "step", _meaning)
    epc = _epc(row)
    event: dict[str, Any] = {
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": _offset(at),
        "action": meaning.action,
        "bizStep": meaning.biz_step,
    }
    if meaning.disposition is not None:
        event["disposition"] = meaning.disposition
    event |= _things(row, meaning, epc) | _places(row) | _parties(row, party_of)
    event["eventID"] = event_hash(event)
    return TableEvent(row, event)


def _cell(row: Row, column: str, read: Callable[[Any], T]) -> T:
    if column not in row.cells:
        raise _error(row, column, "the cell is empty")
    try:
        return read(row.cells[column])
    except CellError as error:
        raise _error(row, column, str(error)) from None


def _error(row: Row, column: str, detail: str) -> RowError:
    title = row.titles.get(column, column)
    return RowError(detail, sheet=row.sheet, row=row.number, column=title)


def _meaning(value: Any) -> Meaning:
    word = text_of(value)
    meaning = step_of(word)
    if meaning is None:
        raise CellError(f"{word!r} is no step known here")
    return meaning


def _epc(row: Row) -> str:
    """The thing that the row is about; of several ways to name it one is used."""
    given = [name for name in ("code", "gtin", "sscc") if name in row.cells]
    if len(given) != 1:
        detail = "the cell is empty" if not given else "the row names two things"
        raise _error(row, given[-1] if given else "code", detail)
    match given[0]:
        case "code":
            return _cell(row, "code", epc_of)
        case "sscc":
            return _cell(row, "sscc", sscc_of)
    gtin = row.cells["gtin"]
    return _cell(row, "serial", lambda serial: gtin_serial_of(gtin, serial))


def _things(row: Row, meaning: Meaning, epc: str) -> dict[str, Any]:
    if not meaning.aggregates:
        return {"type": "ObjectEvent", "epcList": [epc]}
    container = _cell(row, "container", epc_of)
    if container == epc:
        raise _error(row, "container", "a thing cannot be packed into itself")
    return {"type": "AggregationEvent", "parentID": container, "childEPCs": [epc]}


def _places(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "site" in row.cells:
        site = {"id": f"https://id.gs1.org/414/{_cell(row, 'site', gln_of_site)}"}
        found |= {"readPoint": site, "bizLocation": site}
    if "document" in row.cells:
        number = quote(_cell(row, "document", text_of), safe="")
        found["bizTransactionList"] = [
            {"type": "desadv", "bizTransaction": f"urn:document:{number}"}
        ]
    return found


def _parties(row: Row, party_of: PartyOf) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, member, inner in (
        ("from", "sourceList", "source"), ("to", "destinationList", "destination"),
    ):  # fmt: skip
        if column in row.cells:
            gln = _cell(row, column, lambda value: gln_of_party(value, party_of))
            kinds = ("possessing_party", "owning_party")
            found[member] = [{"type": kind, inner: party_uri(gln)} for kind in kinds]
    return found


def _offset(at: datetime) -> str:
    return at.isoformat()[-6:]
