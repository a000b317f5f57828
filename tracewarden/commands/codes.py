"""``tracewarden codes``: parse, verify, issue and print codes."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress as Bar

from codes.digital_link import parse as parse_digital_link
from codes.errors import CodeError
from codes.issue_workers import chunks_by_workers, workers_for
from codes.issuing import MakerSecrets, chunks, write_csv
from codes.jobs import IssueOrder, allot, expiry_value, read_ledger
from codes.jwks import load_jwks
from codes.keyring import KeyRing
from codes.labels import STOCKS, print_size
from codes.logistic_units import signed_ssccs
from codes.parquet_files import write_parquet
from codes.plant_files import encrypt_for
from codes.signing import verify_any
from tracewarden.commands.job_register import register_for
from tracewarden.commands.keys import passphrase
from tracewarden.commands.label_jobs import PrintJob, uris_of
from tracewarden.commands.line_streams import answer_lines
from tracewarden.commands.refusals import refusals

app = typer.Typer(help="Codes: parse, verify, issue, print.", no_args_is_help=True)

Lines = Annotated[Path | None, typer.Argument(help="File of URIs, a line each; else stdin.")]


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")


def _parsed(line: bytes) -> tuple[dict[str, Any], bool]:
    uri = _text(line)
    try:
        elements = parse_digital_link(uri).elements
    except CodeError as error:
        return {"uri": uri, "ok": False, "elements": [], "error": error.as_dict()}, False
    return {"uri": uri, "ok": True, "elements": elements, "error": None}, True


@app.command()
def parse(source: Lines = None) -> None:
    """Parse GS1 Digital Link URIs into their elements."""
    with refusals():
        all_right = answer_lines(source, _parsed)
    raise typer.Exit(0 if all_right else 1)


@app.command()
def verify(
    keys: Annotated[Path, typer.Option("--keys", help="JWK set with the public keys.")],
    source: Lines = None,
) -> None:
    """Verify signed codes, without network or database."""

    with refusals():
        trusted = load_jwks(keys.read_bytes())

        def judged(line: bytes) -> tuple[dict[str, Any], bool]:
            verification, error = verify_any(_text(line), trusted)
            said = asdict(verification)
            return said if error is None else {**said, "error": error.as_dict()}, verification.ok

        all_right = answer_lines(source, judged)
    raise typer.Exit(0 if all_right else 1)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where a person looks."""
    console = Console(stderr=True)
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("codes", total=total)
        yield lambda done: bar.update(task, completed=done)


def _signing_key(ring: KeyRing, wanted: str | None, now: datetime) -> str:
    """The key to sign with: the one asked for or begun with where it still may, else the newest."""
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


@app.command()
def issue(
    keys: Annotated[Path, typer.Option("--keys", help="Folder of the key ring.")],
    gtin: Annotated[str, typer.Option("--gtin", help="The product's GTIN, 14 digits.")],
    count: Annotated[int, typer.Option("--count", help="How many codes.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .csv or .parquet.")],
    lot: Annotated[str | None, typer.Option("--lot", help="Batch or lot, AI 10.")] = None,
    expiry: Annotated[
        str | None, typer.Option("--expiry", help="Expiry date, AI 17: YYMMDD or YYYY-MM-DD.")
    ] = None,
    domain: Annotated[str, typer.Option("--domain", help="The brand's domain.")] = "id.gs1.org",
    job: Annotated[
        str | None, typer.Option("--job", help="Job id; the same again goes on where it stopped.")
    ] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Add hidden codes.")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="Embedded set's folder.")] = None,
    key_id: Annotated[str | None, typer.Option("--key", help="Key; else the newest.")] = None,
) -> None:
    """Issue signed codes for a product into a file that survives being killed."""
    started = time.monotonic()
    with refusals():
        ring, word, now = KeyRing.open(keys), passphrase(), datetime.now(UTC)
        known = {known.order.job: known.order for known in read_ledger(keys)}.get(job or "")
        order = IssueOrder(
            job=job or _new_job_id(gtin),
            gtin=gtin.zfill(14),
            count=count,
            key_id=_signing_key(ring, key_id or (known.key_id if known else None), now),
            domain=domain,
            lot=lot,
            expiry=expiry_value(expiry) if expiry else None,
        )
        _check_out(out, is_known=known is not None)
        # Both secrets are opened before the ledger is touched: a wrong passphrase allots nothing.
        master, seed = ring.master_secret(word), ring.signing_seed(order.key_id, word)
        allotted = allot(keys, order, now=now)
        typer.echo(f"job {order.job}", err=True)
        # Noted before the first code exists: whatever leaves this house is known to it.
        register_for(data).note(allotted)
        _write(out, MakerSecrets(allotted, master, seed, hidden))
        said = {
            "job": order.job,
            "count": order.count,
            "first_index": allotted.first_index,
            "seconds": round(time.monotonic() - started, 3),
        }
        typer.echo(msgspec.json.encode(said))


def _write(out: Path, secrets: MakerSecrets) -> None:
    maker, total = secrets.maker(), secrets.job.order.count
    processes = workers_for(total)
    source = chunks_by_workers(secrets, processes) if processes > 1 else chunks(maker)
    write = write_parquet if out.suffix == ".parquet" else write_csv
    with _progress(total) as progress:
        write(out, maker, source, progress)


@app.command()
def sscc(
    keys: Annotated[Path, typer.Option("--keys", help="Folder of the key ring.")],
    prefix: Annotated[str, typer.Option("--prefix", help="GS1 Company Prefix.")],
    first: Annotated[int, typer.Option("--first", help="First serial reference.")],
    count: Annotated[int, typer.Option("--count", help="How many.")],
    extension: Annotated[int, typer.Option("--extension", help="Extension digit.")] = 0,
    domain: Annotated[str, typer.Option("--domain", help="The brand's domain.")] = "id.gs1.org",
) -> None:
    """Sign codes for cases and pallets; which references are used up is the caller's to know."""
    with refusals():
        ring, word = KeyRing.open(keys), passphrase()
        signer = ring.signer(ring.signing_key_id(datetime.now(UTC)), word)
        for unit, uri in signed_ssccs(
            prefix, first, count, signer, domain=domain, extension=extension
        ):
            typer.echo(msgspec.json.encode({"sscc": unit, "uri": uri}))


Stocks = Annotated[str, typer.Option("--stock", help="Sheet of a PDF: " + ", ".join(STOCKS))]


@app.command()
def labels(
    source: Annotated[Path, typer.Argument(help="CSV with a column `uri`.")],
    out: Annotated[
        Path, typer.Option("--out", help="F.pdf, F.zpl, or a folder for PNG or SVG files.")
    ],
    stock: Stocks = "a4-21",
    dpi: Annotated[int, typer.Option("--dpi", help="The printer's dots per inch.")] = 300,
    module_mm: Annotated[float, typer.Option("--module-mm", help="Wanted module size.")] = 0.339,
    profile: Annotated[str, typer.Option("--profile", help="inspection or pos.")] = "inspection",
    level: Annotated[str, typer.Option("--level", help="Error correction L, M, Q or H.")] = "M",
    symbology: Annotated[str, typer.Option("--symbology", help="qr or datamatrix.")] = "qr",
    form: Annotated[str, typer.Option("--format", help="png or svg, in a folder.")] = "png",
    first: Annotated[int, typer.Option("--first", help="Skip so many rows before.")] = 0,
    count: Annotated[int | None, typer.Option("--count", help="At most so many.")] = None,
) -> None:
    """Print labels, and say how large a module is in whole printer dots."""
    with refusals():
        size = print_size(dpi, module_mm, profile)
        job = PrintJob(out, stock, form, symbology, level, size)
        with source.open(newline="") as file:
            said = job.run(islice(uris_of(file), first, None if count is None else first + count))
        typer.echo(msgspec.json.encode(said))


@app.command()
def seal(
    source: Annotated[Path, typer.Argument(help="A job's file.")],
    recipient: Annotated[list[str], typer.Option("--recipient", help="A plant's age1… key.")],
    out: Annotated[Path, typer.Option("--out", help="Encrypted file.")],
) -> None:
    """Encrypt a job's file to a printing plant's public key."""
    with refusals():
        encrypt_for(source, out, recipient)
        typer.echo(msgspec.json.encode({"out": str(out), "recipients": len(recipient)}))
