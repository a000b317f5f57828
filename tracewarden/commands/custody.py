"""``tracewarden custody``: who holds an item, and events from files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from sqlalchemy import Engine

from custody.answer import Question, answer, read_question
from custody.tables import template_csv, template_xlsx
from events.errors import EventError
from judging.trails import trails
from registry import Registry
from store.stored_history import StoredHistory
from store.transactions import reading
from stream_processors.registry_source import RegistrySource
from tracewarden.commands.line_streams import Said, answer_batches
from tracewarden.commands.refusals import refusals
from tracewarden.custody_source import spooled
from tracewarden.installation import ConfigurationError, open_database

app = typer.Typer(help="Who holds an item, and events from files.", no_args_is_help=True)
app.callback()(lambda: None)

RecordingFolder = Annotated[Path | None, typer.Option("--recording", help="A recording.")]
DataFolder = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]


@app.command()
def at(
    recording: RecordingFolder = None,
    data: DataFolder = None,
    file: Annotated[Path | None, typer.Argument(help="JSON lines; stdin where not given.")] = None,
) -> None:
    """Holder, responsible dealer, container and state of an EPC at a time, as known at a time."""
    with refusals(), _source(recording, data) as (engine, registry):
        all_right = answer_batches(file, lambda lines: _answers(engine, registry, lines))
    if not all_right:
        raise typer.Exit(1)


@contextmanager
def _source(recording: Path | None, data: Path | None) -> Iterator[tuple[Engine, Registry]]:
    if recording is not None and data is not None:
        raise ConfigurationError("name a recording or a folder, not both", field="--recording")
    if recording is not None:
        with spooled(recording) as (engine, registry, bad):
            if bad:
                typer.echo(f"{bad} item events cannot be read and are left out", err=True)
            yield engine, registry
        return
    engine = open_database(data)
    with reading(engine) as connection:
        registry = RegistrySource().current(connection)
    yield engine, registry
    engine.dispose()


def _answers(engine: Engine, registry: Registry, lines: Sequence[bytes]) -> list[Said]:
    asked = [_question(line) for line in lines]
    epcs = {one.epc for one in asked if isinstance(one, Question)}
    with reading(engine) as connection:
        found = trails(epcs, StoredHistory(connection))

    def dealer_of(gln: str | None, known_us: int) -> str | None:
        dealer = registry.dealer_by_gln(gln, known_us)
        return None if dealer is None else dealer.dealer_id

    def said(one: Question) -> Said:
        trail = found[one.epc]
        line = answer(one, trail, party_at=registry.party_at, dealer_of=dealer_of)
        return msgspec.structs.asdict(line), True

    return [
        said(one) if isinstance(one, Question) else ({"ok": False, "error": one.as_dict()}, False)
        for one in asked
    ]


def _question(line: bytes) -> Question | EventError:
    try:
        return read_question(line)
    except EventError as error:
        return error


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    data: DataFolder = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="Of times without one: +08:00 or Asia/Shanghai.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="TITLE=COLUMN, once for each; TITLE=- leaves it out."),
    ] = None,
    proceed: Annotated[
        bool, typer.Option("--proceed", help="Take the good rows though others are bad.")
    ] = False,
) -> None:
    """Turn a table of item events into EPCIS events: all of it, or each bad row named."""
    from tracewarden.item_event_files import import_table  # it loads what the API loads

    with refusals():
        found = import_table(file, data, zone=zone, columns=columns or [], proceed=proceed)
    for error in found.errors:
        typer.echo(msgspec.json.encode({"ok": False, "error": error.as_dict()}).decode())
    counts = {"rows": found.rows, "events": found.published, "bad_rows": len(found.errors)}
    typer.echo(msgspec.json.encode(counts).decode())
    if found.errors:
        raise typer.Exit(1)


@app.command()
def template(
    out: Annotated[Path, typer.Option("--out", help="A new file, .csv or .xlsx.")],
    language: Annotated[str, typer.Option("--language", help="zh or en")] = "zh",
) -> None:
    """An empty table to fill in, with an example row."""
    with refusals():
        if language not in ("zh", "en") or out.suffix not in (".csv", ".xlsx"):
            raise ConfigurationError("a template is .csv or .xlsx, in zh or en", field="--out")
        make = template_csv if out.suffix == ".csv" else template_xlsx
        with out.open("xb") as file:
            file.write(make("zh" if language == "zh" else "en"))
