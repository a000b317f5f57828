"""``tracewarden evidence bundle`` and ``verify``: a case as one file that a stranger can check."""

import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zipfile import ZipFile

import typer
from sqlalchemy import Engine

from events.timed import rfc3339
from evidence.bundle import Contents
from evidence.errors import EvidenceError
from store.evidence_export import Export, entries_of_case, export, gather
from store.evidence_guard import replace_file
from store.evidence_log import EvidenceLog
from store.evidence_signed import SignedAppend
from store.instants import to_us
from tracewarden.commands.evidence_answers import carried_out, print_lines
from tracewarden.commands.evidence_outside import Authorities, Policy, Roots
from tracewarden.commands.evidence_source import Data, Log, Private, appending, service_database
from tracewarden.outside.anchoring import Outside, anchor
from tracewarden.outside.configured import outside_of
from tracewarden.settings import Settings
from verifier.bundle import verify_bundle, verify_file
from verifier.command import as_line
from verifier.result import Result
from verifier.trust import read_trust

if TYPE_CHECKING:
    from registry import Registry  # slow to import, and only an export of the service needs it

Texts = list[str] | None


@carried_out
def bundle(
    out: Annotated[Path, typer.Option("--out", help="The zip file to write.")],
    log: Log = None,
    data: Data = None,
    case: Annotated[str | None, typer.Option("--case", help="The case to export.")] = None,
    alert: Annotated[Texts, typer.Option("--alert", help="An alert's id; repeat it.")] = None,
    index: Annotated[
        list[int] | None, typer.Option("--index", min=0, help="An entry of --log; repeat it.")
    ] = None,
    attach: Annotated[
        list[Path] | None, typer.Option("--attach", help="A file whose hash --log holds.")
    ] = None,
    disclose: Annotated[
        Texts, typer.Option("--disclose", help="A commitment to open, in hex; repeat it.")
    ] = None,
    without_events: Annotated[
        bool, typer.Option("--without-events", help="Keep all stored events closed.")
    ] = False,
    keep_closed: Annotated[
        Texts, typer.Option("--keep-closed", help="An event to keep closed, as scan:ID; repeat it.")
    ] = None,
    with_words: Annotated[
        bool, typer.Option("--with-words", help="Open what people wrote in the case's steps.")
    ] = False,
    purpose: Annotated[str, typer.Option("--purpose", help="For whom; it is logged.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who exports; it is logged.")] = None,
    policy: Policy = None,
    authorities: Authorities = None,
    roots: Roots = None,
    private: Private = None,
) -> None:
    """Export a case, alerts or entries with proofs, as one file that a stranger can verify."""
    outside = outside_of(Settings(), policy, authorities, roots)
    officer = by or getpass.getuser()
    with appending(log, data, private) as signed:
        if log is not None:
            if alert or not (case or index):
                raise EvidenceError("give --case or --index with --log", type="usage")
            taking = _OfLog(case, index or [], attach or [], disclose or [], officer, purpose)
            done = taking.take_out(signed, _anchoring(signed, outside))
        else:
            if index or attach or not (case or alert):
                raise EvidenceError("give --case or --alert with --data", type="usage")
            done = _of_service(
                data, signed, _anchoring(signed, outside),
                officer=officer, purpose=purpose, case_id=case, alert_ids=alert or [],
                without_events=without_events, keep_closed=keep_closed or [],
                with_words=with_words, open=disclose or [],
            )  # fmt: skip
    result = _verified(done.data)
    replace_file(out, done.data, mode=0o644)
    line = json.loads(as_line(result)) | {"entry": done.entry, "bytes": len(done.data)}
    print_lines([line])
    raise typer.Exit(0 if result.ok else 1)


def _verified(data: bytes) -> Result:
    """The verifier's own words of what was made, under the keys that it names itself."""
    with ZipFile(BytesIO(data)) as made:
        return verify_bundle(data, read_trust(made.read("keys.txt").decode()))


def _anchoring(signed: SignedAppend, outside: Outside) -> Callable[[], None]:
    """Others sign for the export, too, where somebody is configured; who fails is told."""

    def ask() -> None:
        if not outside.is_empty:
            for failure in anchor(signed, outside).failures:
                typer.echo(f"{failure.type}: {failure.detail}", err=True)

    return ask


@dataclass(frozen=True)
class _OfLog:
    """An export of entries out of a log of its own."""

    case: str | None
    indices: list[int]
    attach: list[Path]
    disclose: list[str]
    officer: str
    purpose: str

    def take_out(self, signed: SignedAppend, ask: Callable[[], None]) -> Export:
        """The bundle; the export is logged."""
        at = rfc3339(to_us(datetime.now(UTC)))
        contents = self._contents(signed, at)
        custody = {"by": self.officer, "at": at}
        return export(signed, contents, self.purpose, custody=custody, after=ask)

    def _contents(self, signed: SignedAppend, at: str) -> Contents:
        from api.bundle.report import log_reports  # slow to import: the console's rooms
        from evidence.report_html import html
        from evidence.report_pdf import pdf

        attachments = {path.name: path.read_bytes() for path in self.attach}
        if len(attachments) != len(self.attach):
            raise EvidenceError("two attachments have one name", type="usage")
        log = EvidenceLog()
        with signed.reading() as conn:
            found = [] if self.case is None else entries_of_case(log, conn, self.case)
            contents = gather(
                log, conn, signed.verifier, case=self.case, indices=[*found, *self.indices],
                attachments=attachments, disclose=self.disclose,
            )  # fmt: skip
            told = log_reports(
                conn, contents,
                officer=self.officer, purpose=self.purpose, at=at, key=signed.verifier,
            )  # fmt: skip
        return replace(contents, about={"report.html": html(told), "report.pdf": pdf(told)})


@dataclass(frozen=True)
class _Stored:
    """What an export reads: see ``api.services.Records``."""

    engine: Engine
    registry: "Callable[[], Registry]"

    @staticmethod
    def clock() -> datetime:
        """Now."""
        return datetime.now(UTC)


def _of_service(
    data: Path | None, signed: SignedAppend, ask: Callable[[], None], **wish: object
) -> Export:
    from api.bundle.taking_out import Wish, take_out
    from tracewarden.service import registry_reader

    with service_database(data) as engine:
        records = _Stored(engine, registry_reader(engine))
        return take_out(records, signed, Wish(**wish), anchor=ask)  # type: ignore[arg-type]


@carried_out
def verify(
    bundle: Annotated[Path, typer.Argument(help="The zip file.")],
    trust: Annotated[Path, typer.Option("--trust", help="Keys that you trust, one a line.")],
) -> None:
    """Check a bundle offline, under keys that the caller trusts and nothing else."""
    try:
        keys = read_trust(trust.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise EvidenceError(str(error), type="trust-invalid") from None
    result = verify_file(bundle, keys)
    sys.stdout.write(as_line(result, sys.stdout.encoding) + "\n")
    raise typer.Exit(0 if result.ok else 1)
