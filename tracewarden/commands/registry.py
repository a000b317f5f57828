"""``tracewarden registry``: enter single rows, look at what they bring, ask what held when."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import Struct
from sqlalchemy import Engine

from events.errors import EventError, TracewardenError
from events.identity import parse_time
from events.timed import microseconds
from registry import Authority, RegistryRows
from registry.entering import Findings, entered, whole
from registry.held import held_at
from registry.known import FOREVER
from registry.recording import (
    ROW_TYPES,
    RegistryError,
    Repair,
    place_problems,
    read_registry,
    read_territory_rows,
)
from registry.restraints import BUILT_IN, Restraints, read_restraints
from registry.schemas import problems_of
from store.registry import add_rows, read_rows
from tracewarden.commands.line_streams import answer_lines
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database
from tracewarden.settings import Settings

app = typer.Typer(
    help="Who may sell what where: enter rows, look at them, ask what held when.",
    no_args_is_help=True,
)

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]
Recording = Annotated[
    Path | None, typer.Option("--recording", help="A recording instead of a service.")
]
Lines = Annotated[Path | None, typer.Argument(help="JSON lines; stdin where not given.")]
Accept = Annotated[
    bool, typer.Option("--accept-overlap", help="Take exclusive rows that overlap, with a warning.")
]


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """A line of ``registry at``."""

    dealer_id: str
    gtin: str
    at: str
    known_at: str | None = None


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help=f"territories, {', '.join(ROW_TYPES)}")],
    file: Lines = None,
    data: Data = None,
    accept_overlap: Accept = False,
) -> None:
    """Enter rows; each is taken or refused for itself, and what it brings is said at once.

    Rows are lines of JSON as in a recording; territories are a GeoJSON or TopoJSON file. They count
    from a second after they were entered.
    """
    with refusals():
        desk = _Desk(Settings(), data, accept_overlap)
        with desk.opened():
            if kind == "territories":
                right = _add_territories(desk, file)
            elif kind in ROW_TYPES:
                right = answer_lines(file, desk.clerk(kind))
            else:
                raise TracewardenError(
                    f"{kind!r} is no kind of row: territories, {', '.join(ROW_TYPES)}",
                    field="KIND",
                    type="usage",
                )
    raise typer.Exit(0 if right else 1)


@app.command()
def check(recording: Recording = None, data: Data = None) -> None:
    """Every overlap of exclusive authorisations and every possible restraint, one a line."""
    with refusals():
        settings = Settings()
        rows = _rows(settings, recording, data)
        table = read_restraints(settings.restraints or BUILT_IN)
        found = whole(rows, table, min_share=settings.overlap_min_share)
    for line in found.as_dicts():
        _print(line)
    raise typer.Exit(1 if found.overlaps or found.cautions else 0)


@app.command()
def at(file: Lines = None, recording: Recording = None, data: Data = None) -> None:
    """What held at a time, as known at a time: which rows, and where the dealer might sell."""
    with refusals():
        authority = Authority(_rows(Settings(), recording, data))

        def answer(line: bytes) -> tuple[dict[str, Any], bool]:
            try:
                question = msgspec.json.decode(line, type=Question)
                known = None if question.known_at is None else question.known_at
                known_us = FOREVER if known is None else _time_us(known, "known_at")
                at_us = _time_us(question.at, "at")
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                return _refusal(_explained(error)), False
            except TracewardenError as error:
                return _refusal(error), False
            held = held_at(authority, question.dealer_id, question.gtin, at_us, known_us)
            return held.as_dict(), True

        right = answer_lines(file, answer)
    raise typer.Exit(0 if right else 1)


@app.command()
def restraints(
    file: Annotated[Path | None, typer.Argument(help="A table; the one in force if none.")] = None,
) -> None:
    """Read the table of possible restraints of trade and print its rules, one a line."""
    with refusals():
        table = read_restraints(file or Settings().restraints or BUILT_IN)
    for rule in table.rules:
        _print(msgspec.to_builtins(rule))


class _Desk:
    """Where rows are entered: the database, the table of restraints, and what is tolerated."""

    def __init__(self, settings: Settings, data: Path | None, accept_overlap: bool) -> None:
        self.settings = settings
        self._data = data
        self._accepts = accept_overlap
        self._table: Restraints = read_restraints(settings.restraints or BUILT_IN)
        self._engine: Engine

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The database, for as long as it is needed."""
        self._engine = open_database(self._data, self.settings)
        try:
            yield
        finally:
            self._engine.dispose()

    def take(self, kind: str, rows: Iterable[Struct]) -> Findings:
        """Enter rows of a kind, all or none; what they bring.

        Raises:
            TracewardenError: ``exclusive-overlap``, where that is not accepted, or what
                ``add_rows`` says.
        """
        with self._engine.begin() as connection:
            _, before = read_rows(connection)
            given: dict[str, Any] = {kind: rows}
            add_rows(connection, "registry add", now_us=time.time_ns() // 1000, **given)
            _, after = read_rows(connection)
            share = self.settings.overlap_min_share
            found = entered(before, after, self._table, min_share=share)
            if found.overlaps and not self._accepts:
                raise TracewardenError(
                    "; ".join(overlap.detail for overlap in found.overlaps),
                    field="territory_ids",
                    type="exclusive-overlap",
                )
        return found

    def clerk(self, kind: str) -> Callable[[bytes], tuple[dict[str, Any], bool]]:
        """Takes lines with rows of a kind."""
        row_type = ROW_TYPES[kind]

        def answer(line: bytes) -> tuple[dict[str, Any], bool]:
            try:
                row = _row(line, row_type)
                found = self.take(kind, [row])
            except TracewardenError as error:
                return _refusal(error), False
            return {"ok": True, "warnings": found.as_dicts()}, True

        return answer


def _add_territories(desk: _Desk, file: Path | None) -> bool:
    """Enter a file of territories, all or none."""
    if file is None:
        raise TracewardenError("name a file of territories", field="FILE", type="usage")
    repairs: list[Repair] = []
    try:
        rows = read_territory_rows(
            file, max_change=desk.settings.repair_max_change, on_repair=repairs.append
        )
        for row in rows:
            _refuse_recorded(row.recorded_at)
        found = desk.take("territories", rows)
    except RegistryError as error:
        for problem in error.problems:
            _print({"ok": False, "error": problem.as_dict()})
        return False
    except TracewardenError as error:
        _print(_refusal(error))
        return False
    names = [{"territory_id": row.territory_id, "version": row.version} for row in rows]
    warnings = [*(repair.as_dict() for repair in repairs), *found.as_dicts()]
    _print({"ok": True, "territories": names, "warnings": warnings})
    return True


def _row(line: bytes, row_type: type[Struct]) -> Struct:
    """The row in a line.

    Raises:
        TracewardenError: it is none, or says itself when it was recorded.
    """
    try:
        row = msgspec.json.decode(line, type=row_type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _explained(error) from None
    for field, detail in problems_of(row_type, line):
        raise TracewardenError(detail, field=field, type="row-invalid")
    for problem in place_problems(row):
        raise problem
    _refuse_recorded(getattr(row, "recorded_at", None))
    return row


def _refuse_recorded(at: datetime | None) -> None:
    """What is entered today was not known yesterday: a permit cannot be dated back."""
    if at is not None:
        raise TracewardenError(
            "recorded_at is when the system learned of a row, and it says that itself",
            field="recorded_at",
            type="recorded-at-given",
        )


def _rows(settings: Settings, recording: Path | None, data: Path | None) -> RegistryRows:
    if recording is not None:
        return read_registry(recording, max_change=settings.repair_max_change)[1]
    engine = open_database(data, settings)
    with engine.connect() as connection:
        _, rows = read_rows(connection)
    engine.dispose()
    return rows


def _time_us(text: str, field: str) -> int:
    try:
        return microseconds(parse_time(text, field=field))
    except EventError as error:
        raise TracewardenError(error.detail, field=field, type="time-invalid") from None


def _explained(error: Exception) -> TracewardenError:
    detail, _, path = str(error).partition(" - at `$")
    return TracewardenError(detail, field=path.rstrip("`").lstrip("."), type="row-invalid")


def _refusal(error: TracewardenError) -> dict[str, Any]:
    return {"ok": False, "error": error.as_dict()}


def _print(line: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(line).decode())
