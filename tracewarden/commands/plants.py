"""Commands around printing plants: matched sets, sealed files, and what a plant reports back."""

import csv
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from codes.job_rows import job_rows
from codes.keyring import KeyRing
from codes.logistic_units import signed_ssccs
from codes.matched_sets import matched_sets, packing_event
from codes.plant_files import encrypt_for
from codes.print_reports import Outcome, PrintRange, parse_range
from store.print_reports import take_print_report
from tracewarden.commands.code_jobs import Domain, Ring
from tracewarden.commands.keys import instant_of, passphrase, signer_of
from tracewarden.commands.refusals import refusals
from tracewarden.installation import open_database

Ranges = list[str] | None


def sets(
    source: Annotated[Path, typer.Argument(help="A job's file: the items.")],
    keys: Ring,
    prefix: Annotated[str, typer.Option("--prefix", help="GS1 Company Prefix of the cases.")],
    first: Annotated[int, typer.Option("--first", help="First serial reference of the cases.")],
    items_a_case: Annotated[int, typer.Option("--items-a-case", help="Items in a case.")],
    out: Annotated[Path, typer.Option("--out", help="CSV to write: each item with its case.")],
    events: Annotated[
        Path | None, typer.Option("--events", help="Packing events to write, a line a case.")
    ] = None,
    packed_at: Annotated[
        str | None, typer.Option("--packed-at", help="RFC 3339 time of packing; by default now.")
    ] = None,
    extension: Annotated[int, typer.Option("--extension", help="Extension digit.")] = 0,
    domain: Domain = "id.gs1.org",
) -> None:
    """Match each case's code with the codes of its items."""
    with refusals():
        ring, word, at = KeyRing.open(keys), passphrase(), instant_of(packed_at)
        signer = signer_of(ring, ring.signing_key_id(datetime.now(UTC)), word)
        units = signed_ssccs(prefix, first, signer, domain=domain, extension=extension)
        with ExitStack() as stack:
            columns, rows = stack.enter_context(job_rows(source, "uri"))
            drafts = _Drafts(stack, out, events)
            written = csv.DictWriter(drafts.sets, ["sscc", "case_uri", *columns])
            written.writeheader()
            said = {"cases": 0, "items": 0}
            for (sscc, case), held in matched_sets(rows, units, items_a_case):
                written.writerows({"sscc": sscc, "case_uri": case, **row} for row in held)
                drafts.say(packing_event(case, (row["uri"] for row in held), packed_at=at))
                said = {"cases": said["cases"] + 1, "items": said["items"] + len(held)}
        drafts.publish()
        typer.echo(msgspec.json.encode({**said, "next_reference": first + said["cases"]}))


class _Drafts:
    """The files of ``sets``, which appear under their names when both are whole."""

    def __init__(self, stack: ExitStack, out: Path, events: Path | None) -> None:
        self._names = [path for path in (out, events) if path is not None]
        files = [
            stack.enter_context(self._draft(path).open("w", newline="", encoding="utf-8"))
            for path in self._names
        ]
        self.sets, self._events = files[0], files[1] if events is not None else None

    def _draft(self, path: Path) -> Path:
        return path.with_name(f".{path.name}.part")

    def say(self, event: dict[str, Any]) -> None:
        """Another packing event."""
        if self._events is not None:
            self._events.write(msgspec.json.encode(event).decode() + "\n")

    def publish(self) -> None:
        """Give the files their names."""
        for path in self._names:
            self._draft(path).replace(path)


def seal(
    source: Annotated[Path, typer.Argument(help="A job's file.")],
    recipient: Annotated[list[str], typer.Option("--recipient", help="A plant's age1… key.")],
    out: Annotated[Path, typer.Option("--out", help="Encrypted file.")],
) -> None:
    """Encrypt a job's file to a printing plant's public key."""
    with refusals():
        encrypt_for(source, out, recipient)
        typer.echo(msgspec.json.encode({"out": str(out), "recipients": len(recipient)}))


def report(
    job: Annotated[str, typer.Option("--job", help="The job that was printed.")],
    printed: Annotated[Ranges, typer.Option("--printed", help="Indices: 12, or 0-499.")] = None,
    spoiled: Annotated[Ranges, typer.Option("--spoiled", help="Indices not used.")] = None,
    lost: Annotated[Ranges, typer.Option("--lost", help="Indices that went missing.")] = None,
    plant: Annotated[str | None, typer.Option("--plant", help="Who printed.")] = None,
    report_id: Annotated[
        str | None, typer.Option("--report", help="Its id; the same again changes nothing.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Embedded set's folder.")] = None,
) -> None:
    """Note what a plant printed, spoiled or lost; spoiled and lost count over printed."""
    with refusals():
        told: list[tuple[Outcome, Ranges]] = [
            ("printed", printed),
            ("spoiled", spoiled),
            ("lost", lost),
        ]
        ranges = [
            PrintRange(*parse_range(text), outcome)
            for outcome, texts in told
            for text in texts or ()
        ]
        chosen = report_id or f"{job}-{os.urandom(6).hex()}"
        engine = open_database(data)
        try:
            with engine.begin() as connection:
                now_us = time.time_ns() // 1000
                fresh = take_print_report(
                    connection, chosen, job, ranges, plant=plant, now_us=now_us
                )
        finally:
            engine.dispose()
        said = {"report_id": chosen, "job": job, "ranges": len(ranges), "new": fresh}
        typer.echo(msgspec.json.encode(said))
