"""``tracewarden codes``: parse, verify, issue, print and report codes."""

from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from codes.digital_link import parse as parse_digital_link
from codes.errors import CodeError
from codes.job_rows import job_rows
from codes.jwks import load_jwks
from codes.labels import STOCKS, print_size
from codes.signing import verify_any
from tracewarden.commands import code_jobs, plants
from tracewarden.commands.code_lookup import lookup_lines
from tracewarden.commands.label_jobs import PrintJob, uris_of
from tracewarden.commands.line_streams import answer_lines
from tracewarden.commands.refusals import refusals

app = typer.Typer(help="Codes: parse, verify, issue, print.", no_args_is_help=True)
for command in (
    code_jobs.issue,
    code_jobs.reprint,
    code_jobs.sscc,
    plants.sets,
    plants.seal,
    plants.report,
):
    app.command()(command)

Lines = Annotated[Path | None, typer.Argument(help="File of URIs, a line each; else stdin.")]


def _text(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")


def _parsed(line: bytes, *, short_gtins: bool, alphabetic: bool) -> tuple[dict[str, Any], bool]:
    uri = _text(line)
    try:
        link = parse_digital_link(uri, short_gtins=short_gtins, alphabetic=alphabetic)
    except CodeError as error:
        return {"uri": uri, "ok": False, "elements": [], "error": error.as_dict()}, False
    return {"uri": uri, "ok": True, "elements": link.elements, "error": None}, True


@app.command()
def parse(
    source: Lines = None,
    short_gtins: Annotated[
        bool, typer.Option("--short-gtins", help="Take GTINs of 8, 12 and 13 digits, too.")
    ] = False,
    alphabetic: Annotated[
        bool, typer.Option("--alphabetic", help="Take names in place of AIs, too: gtin, ser.")
    ] = False,
) -> None:
    """Parse GS1 Digital Link URIs into their elements."""
    read = partial(_parsed, short_gtins=short_gtins, alphabetic=alphabetic)
    with refusals():
        all_right = answer_lines(source, read)
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


@app.command()
def lookup(
    keys: Annotated[Path, typer.Option("--keys", help="Folder of the key ring.")],
    source: Lines = None,
    data: Annotated[Path | None, typer.Option("--data", help="Embedded set's folder.")] = None,
) -> None:
    """Say which job issued a code, whether it is active, and whether a revocation leaves it."""
    with refusals():
        all_right = lookup_lines(source, keys, data)
    raise typer.Exit(0 if all_right else 1)


Stocks = Annotated[str, typer.Option("--stock", help="Sheet of a PDF: " + ", ".join(STOCKS))]


@app.command()
def labels(
    source: Annotated[Path, typer.Argument(help="A job's file, CSV or Parquet.")],
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
    column: Annotated[
        str, typer.Option("--column", help="uri, or case_uri for one label a case.")
    ] = "uri",
    first: Annotated[int, typer.Option("--first", min=0, help="Skip so many labels before.")] = 0,
    count: Annotated[int | None, typer.Option("--count", min=1, help="At most so many.")] = None,
) -> None:
    """Print labels, and say how large a module is in whole printer dots."""
    with refusals():
        size = print_size(dpi, module_mm, profile)
        job = PrintJob(out, stock, form, symbology, level, size)
        end = None if count is None else first + count
        with job_rows(source, column) as (_, rows):
            said = job.run(islice(uris_of(rows, column), first, end))
        typer.echo(msgspec.json.encode(said))
