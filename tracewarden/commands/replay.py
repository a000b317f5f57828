"""``tracewarden replay``: the same pure rules over a recording, deterministic to the byte."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec.structs import replace as replaced
from rich.console import Console
from rich.progress import Progress, TaskID

from events.errors import EventError, TracewardenError
from events.identity import parse_time
from events.timed import microseconds
from registry import RegistryRows
from registry.model import Authorisation
from registry.policies import read_proposed
from registry.recording import read_registry
from registry.rows import with_proposed
from tracewarden.commands.refusals import refusals
from tracewarden.outcome import Outcome, difference, difference_of_cases, write
from tracewarden.replay import replay as run
from tracewarden.settings import Settings


def replay(
    recording: Annotated[Path, typer.Argument(help="Folder of the recording.")],
    out: Annotated[Path, typer.Option("--out", help="Where the results are written.")],
    at: Annotated[
        str | None, typer.Option(help="Ignore what was received or recorded from then on.")
    ] = None,
    authorisations: Annotated[
        Path | None, typer.Option(help="Authorisations instead of the recording's (JSON or JSONL).")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="Policy instead of the recording's, from its valid_from on.")
    ] = None,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Write diff.jsonl and diff-cases.jsonl: what a change does."),
    ] = False,
) -> None:
    """Judge a recording; writes signals.jsonl, alerts.jsonl, cases.jsonl and summary.json."""
    with refusals():
        at_us = None if at is None else microseconds(_time(at))
        head, rows = read_registry(recording)
        if not (recording / "events.jsonl").exists():
            raise TracewardenError("the recording has no events.jsonl", field="recording")
        proposed = _proposed(rows, authorisations, policy)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            judged = partial(
                run, recording, head, at_us=at_us, progress=advancing(bar),
                index=Settings().territory_index,
            )  # fmt: skip
            outcome = judged(rows=proposed)
            before = judged(rows=rows) if diff else None
        _finish(outcome, before, out)


def advancing(bar: Progress) -> Callable[[str, int], None]:
    """Tells of each stage in a line of its own, begun when the stage is first told of: the bar
    draws all its lines many times a second."""
    lines: dict[str, TaskID] = {}

    def advance(what: str, count: int) -> None:
        if what not in lines:
            lines[what] = bar.add_task(what, total=None)
        bar.advance(lines[what], count)

    return advance


def _finish(outcome: Outcome, before: Outcome | None, out: Path) -> None:
    write(outcome, out)
    if before is not None:
        (out / "diff.jsonl").write_bytes(b"".join(difference(before, outcome)))
        (out / "diff-cases.jsonl").write_bytes(b"".join(difference_of_cases(before, outcome)))
    typer.echo(msgspec.json.encode(outcome.summary).decode())


def _time(text: str) -> datetime:
    try:
        return parse_time(text, field="at")
    except EventError as error:
        raise TracewardenError(error.detail, field="--at", type="usage") from None


def _proposed(rows: RegistryRows, authorisations: Path | None, policy: Path | None) -> RegistryRows:
    """The registry with what is proposed in place of what was."""
    if policy is not None:
        rows = with_proposed(rows, read_proposed(policy.read_bytes()))
    if authorisations is not None:
        proposed = _read_authorisations(authorisations)
        _check_references(proposed, rows)
        rows = replaced(rows, authorisations=proposed)
    return rows


def _check_references(proposed: Iterable[Authorisation], rows: RegistryRows) -> None:
    """A misspelt id would read as a dealer without a place, and every alert as its consequence."""
    dealers = {row.dealer_id for row in rows.dealers}
    territories = {row.territory_id for row in rows.territories}
    for row in proposed:
        for field, named, known in (
            ("dealer_id", [row.dealer_id], dealers),
            ("territory_ids", row.territory_ids, territories),
        ):
            if strangers := set(named) - known:
                raise TracewardenError(
                    f"{row.authorisation_id}: {min(strangers)!r} is nowhere in the recording",
                    field=field,
                    type="registry-conflict",
                )


def _read_authorisations(path: Path) -> tuple[Authorisation, ...]:
    """Rows as a JSON array, or a line each."""
    raw = path.read_bytes().strip()
    try:
        if raw.startswith(b"["):
            return tuple(msgspec.json.decode(raw, type=list[Authorisation]))
        return tuple(
            msgspec.json.decode(line, type=Authorisation) for line in raw.splitlines() if line
        )
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TracewardenError(f"{path.name}: {error}", type="row-invalid") from None
