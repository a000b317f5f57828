"""``tracewarden geo areas``: territories by the codes of a boundary package that one installed."""

import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from events.errors import TracewardenError
from geo.areas import LEVELS, PACKAGES, AdministrativeArea, Fields, Library, read_library
from tracewarden.commands.refusals import refusals

app = typer.Typer(help="Administrative areas by code.", no_args_is_help=True)

Source = Annotated[
    list[Path],
    typer.Option(
        "--source", help="GeoJSON or TopoJSON file, or a folder of them; several allowed."
    ),
]
Package = Annotated[
    str, typer.Option("--package", help=f"How the files are written: {', '.join(PACKAGES)}")
]
FieldsFile = Annotated[
    Path | None, typer.Option("--fields", help="Another way of writing them (TOML).")
]
CrsOption = Annotated[
    str | None, typer.Option("--crs", help="wgs84, gcj02 or bd09, where the files say nothing.")
]
Level = Annotated[str | None, typer.Option(help=f"Only {', '.join(LEVELS)}.")]
Under = Annotated[str | None, typer.Option(help="Only what lies below the area of this code.")]


@app.command("list")
def list_areas(
    source: Source,
    package: Package = "us-atlas",
    fields: FieldsFile = None,
    crs: CrsOption = None,
    level: Level = None,
    under: Under = None,
    name: Annotated[str | None, typer.Option(help="Only names with this text.")] = None,
) -> None:
    """Print the areas of a boundary package, one a line."""
    with refusals():
        found = _listed(_library(source, package, fields, crs), level, under, name)
    for area in found:
        _print(area.as_dict())


@app.command()
def pick(
    source: Source,
    codes: Annotated[list[str] | None, typer.Argument(help="Codes of areas.")] = None,
    package: Package = "us-atlas",
    fields: FieldsFile = None,
    crs: CrsOption = None,
    level: Level = None,
    under: Under = None,
    united_as: Annotated[
        str | None, typer.Option("--as", help="One territory of this id out of all of them.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name of that one.")] = None,
    prefix: Annotated[str, typer.Option(help="Stands before each code in the ids.")] = "",
    version: Annotated[int, typer.Option(help="The territories' version.")] = 1,
    valid_from: Annotated[
        str | None, typer.Option(help="RFC 3339; from when this version holds.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A file; stdout if none.")] = None,
) -> None:
    """Make territories (GeoJSON) of codes, or of all areas of a level or below an area.

    `tracewarden registry add territories FILE` takes them.
    """
    with refusals():
        library = _library(source, package, fields, crs)
        if not codes and level is None and under is None:
            raise TracewardenError("name codes, --level or --under", field="CODES", type="usage")
        _check_time(valid_from)
        wanted = codes or [area.code for area in _listed(library, level, under, None)]
        if not wanted:
            raise TracewardenError("no such area is there", field="CODES", type="area-unknown")
        if united_as is None:
            made = library.features(wanted, prefix=prefix, version=version, valid_from=valid_from)
        else:
            made = library.united(
                wanted,
                territory_id=united_as,
                name=name or united_as,
                version=version,
                valid_from=valid_from,
            )
        text = msgspec.json.encode(made) + b"\n"
        if out is None:
            sys.stdout.buffer.write(text)
        else:
            out.write_bytes(text)


def _listed(
    library: Library, level: str | None, under: str | None, name: str | None
) -> list[AdministrativeArea]:
    if level is not None and level not in LEVELS:
        raise TracewardenError(f"levels are {', '.join(LEVELS)}", field="--level", type="usage")
    return library.listed(level=level, under=under, name=name)


def _library(sources: list[Path], package: str, fields: Path | None, crs: str | None) -> Library:
    return read_library(
        ((file.name, file.read_bytes()) for source in sources for file in _files(source)),
        _fields(package, fields),
        crs,
    )


def _files(source: Path) -> Iterator[Path]:
    """The file itself, or what a folder holds that may be one."""
    if not source.is_dir():
        yield source
        return
    files = [f for f in sorted(source.rglob("*")) if f.suffix in (".json", ".geojson", ".topojson")]
    yield from (file for file in files if file.name != "package.json")


def _fields(package: str, file: Path | None) -> Fields:
    if file is None:
        if package not in PACKAGES:
            raise TracewardenError(
                f"{package!r} is none of {', '.join(PACKAGES)}; describe it by --fields",
                field="--package",
                type="usage",
            )
        return PACKAGES[package]
    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")), Fields, strict=False)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise TracewardenError(f"{file.name}: {error}", field="--fields", type="usage") from None


def _check_time(text: str | None) -> None:
    try:
        fine = text is None or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        fine = False
    if not fine:
        raise TracewardenError(
            "a time is RFC 3339 with an offset", field="--valid-from", type="usage"
        )


def _print(line: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(line).decode())
