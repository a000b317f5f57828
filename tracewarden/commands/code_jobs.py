"""Commands that make codes: ``codes issue``, ``codes reprint`` and ``codes sscc``."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from codes.errors import CodeError
from codes.hidden_codes import HiddenCodes
from codes.identifiers import GTIN
from codes.issue_workers import chunks_by_workers, workers_for
from codes.issuing import ChunkSource, CodeMaker, MakerSecrets, chunks
from codes.job_files import write_csv, write_ranges
from codes.jobs import (
    IssueOrder,
    IssuingJob,
    allot,
    check_order,
    expiry_value,
    job_of,
    read_ledger,
)
from codes.keyring import KeyRing
from codes.logistic_units import signed_ssccs
from codes.parquet_files import write_parquet
from codes.print_reports import parse_range
from codes.serials import Serials
from tracewarden.commands.job_register import register_for
from tracewarden.commands.keys import passphrase, signer_of
from tracewarden.commands.refusals import refusals

Ring = Annotated[Path, typer.Option("--keys", help="Folder of the key ring.")]
Domain = Annotated[str, typer.Option("--domain", help="The brand's domain.")]
Hidden = Annotated[bool, typer.Option("--hidden", help="Add hidden codes.")]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where a person looks."""
    console = Console(stderr=True)
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("codes", total=total)
        yield lambda done: bar.update(task, completed=done)


def _signing_key(ring: KeyRing, wanted: str | None, known: IssueOrder | None, now: datetime) -> str:
    """The key to sign with: a known job's, which a retirement does not take from it; else the one
    asked for, else the newest."""
    if known is not None and wanted in (None, known.key_id):
        revoked_at = ring.key(known.key_id).revoked_at
        if revoked_at is None or now < revoked_at:
            return known.key_id
        wanted = known.key_id
    if wanted is None:
        return ring.signing_key_id(now)
    if not ring.key(wanted).may_sign_at(now):
        raise CodeError(f"key {wanted} may not sign now", field="key", type="keys-invalid")
    return wanted


def _check_out(out: Path, *, is_known: bool) -> None:
    """Refuses a file that this job cannot write, before it takes any indices."""
    if out.suffix not in (".csv", ".parquet"):
        problem = "a job's file is .csv or .parquet"
    elif not out.parent.is_dir():
        problem = f"there is no folder {out.parent}"
    elif out.exists() and not is_known:
        problem = f"{out} is there already"
    else:
        return
    raise CodeError(problem, field="out", type="job-invalid")


def _new_job_id(gtin: str) -> str:
    now = datetime.now(UTC)
    return f"{gtin}-{now:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"


def issue(
    keys: Ring,
    gtin: Annotated[str, typer.Option("--gtin", help="The product's GTIN, 8 to 14 digits.")],
    count: Annotated[int, typer.Option("--count", help="How many codes.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .csv or .parquet.")],
    lot: Annotated[str | None, typer.Option("--lot", help="Batch or lot, AI 10.")] = None,
    expiry: Annotated[
        str | None, typer.Option("--expiry", help="Expiry date, AI 17: YYMMDD or YYYY-MM-DD.")
    ] = None,
    domain: Domain = "id.gs1.org",
    job: Annotated[
        str | None, typer.Option("--job", help="Job id; the same again goes on where it stopped.")
    ] = None,
    hidden: Hidden = False,
    data: Annotated[Path | None, typer.Option("--data", help="Embedded set's folder.")] = None,
    key_id: Annotated[str | None, typer.Option("--key", help="Key; else the newest.")] = None,
    active_on_report: Annotated[
        bool,
        typer.Option("--active-on-report", help="Active only once reported printed."),
    ] = False,
) -> None:
    """Issue signed codes for a product into a file that survives being killed."""
    started = time.monotonic()
    with refusals():
        ring, word, now = KeyRing.open(keys), passphrase(), datetime.now(UTC)
        known = {known.order.job: known.order for known in read_ledger(keys)}.get(job or "")
        item = GTIN.validate(gtin)
        asked = IssueOrder(
            job=job or _new_job_id(item),
            gtin=item,
            count=count,
            key_id=_signing_key(ring, key_id, known, now),
            domain=domain,
            lot=lot,
            expiry=None if expiry is None else expiry_value(expiry),
            active_on_report=active_on_report,
        )
        order = check_order(asked)
        _check_out(out, is_known=known is not None)
        # Registry and secrets are opened before the ledger is touched: what is wrong with them
        # allots nothing.
        register = register_for(data)
        make = _opened(ring, order.key_id, word, hidden)
        allotted = allot(keys, order, now=now)
        typer.echo(f"job {order.job}", err=True)
        # Noted before the first code exists: whatever leaves this house is known to it.
        register.note(allotted)
        maker, source = make(allotted)
        write = write_parquet if out.suffix == ".parquet" else write_csv
        with _progress(order.count) as progress:
            write(out, maker, source, progress)
        said = {
            "job": order.job,
            "count": order.count,
            "first_index": allotted.first_index,
            "seconds": round(time.monotonic() - started, 3),
        }
        typer.echo(msgspec.json.encode(said))


def _opened(
    ring: KeyRing, key_id: str, word: str, hidden: bool
) -> Callable[[IssuingJob], tuple[CodeMaker, ChunkSource]]:
    """What makes a job's codes: on every core where the ring holds the key, else as the agent
    signs. The secrets are read at once."""
    master = ring.master_secret(word)
    if ring.holds(key_id):
        seed = ring.signing_seed(key_id, word)

        def by_ring(job: IssuingJob) -> tuple[CodeMaker, ChunkSource]:
            secrets = MakerSecrets(job, master, seed, hidden)
            maker, processes = secrets.maker(), workers_for(job.order.count)
            return maker, chunks_by_workers(secrets, processes) if processes > 1 else chunks(maker)

        return by_ring
    signer = signer_of(ring, key_id, word)
    signer.sign(b"")  # An agent without the key is found out before a job takes its indices.

    def by_agent(job: IssuingJob) -> tuple[CodeMaker, ChunkSource]:
        codes = HiddenCodes(master) if hidden else None
        maker = CodeMaker(job, Serials(master), signer, codes)
        return maker, chunks(maker)

    return by_agent


def reprint(
    keys: Ring,
    job: Annotated[str, typer.Option("--job", help="The job whose codes are printed again.")],
    ranges: Annotated[
        list[str], typer.Option("--range", help="Indices of its file: 12, or 500-510; several.")
    ],
    out: Annotated[Path, typer.Option("--out", help="CSV to write.")],
    hidden: Hidden = False,
) -> None:
    """Make some of a job's codes once more, the very same, for labels that were spoiled."""
    with refusals():
        ring, word = KeyRing.open(keys), passphrase()
        known = job_of(keys, job)
        key_id = _signing_key(ring, None, known.order, datetime.now(UTC))
        _check_out(out, is_known=False)
        maker, _ = _opened(ring, key_id, word, hidden)(known)
        made = write_ranges(out, maker, [parse_range(text) for text in ranges])
        typer.echo(msgspec.json.encode({"job": job, "count": made}))


def sscc(
    keys: Ring,
    prefix: Annotated[str, typer.Option("--prefix", help="GS1 Company Prefix.")],
    first: Annotated[int, typer.Option("--first", help="First serial reference.")],
    count: Annotated[int, typer.Option("--count", min=1, help="How many.")],
    extension: Annotated[int, typer.Option("--extension", help="Extension digit.")] = 0,
    domain: Domain = "id.gs1.org",
) -> None:
    """Sign codes for cases and pallets; which references are used up is the caller's to know."""
    with refusals():
        ring, word = KeyRing.open(keys), passphrase()
        signer = signer_of(ring, ring.signing_key_id(datetime.now(UTC)), word)
        units = signed_ssccs(prefix, first, signer, domain=domain, extension=extension)
        for unit, uri in islice(units, count):
            typer.echo(msgspec.json.encode({"sscc": unit, "uri": uri}))
