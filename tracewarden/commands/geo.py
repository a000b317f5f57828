"""``tracewarden geo``: convert coordinates, check fixes against territories, locate points."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from shapely.geometry import MultiPolygon

from events.errors import TracewardenError
from geo.crs import convert as convert_points
from geo.crs import readings
from geo.errors import GeoError
from geo.locate import Locator, agreed
from geo.points import check_points
from geo.territories import Territory, latest, read_territories
from tracewarden.commands.fix_judge import Fix, Judge
from tracewarden.commands.geo_areas import app as areas_app

app = typer.Typer(help="Where: coordinate systems, territories, verdicts.", no_args_is_help=True)
app.add_typer(areas_app, name="areas")

Line = TypeVar("Line")
Answer = dict[str, Any]
_CHUNK = 1 << 18
_BATCH = 2000
_PATH = re.compile(r" - at `\$\.?(.*)`$")

LinesFile = Annotated[Path | None, typer.Argument(help="JSON lines; stdin where not given.")]
IndexFolder = Annotated[
    Path | None,
    typer.Option("--index", help="Keep an index here; later commands read it in no time."),
]
TerritoriesFile = Annotated[Path, typer.Option("--territories", help="GeoJSON territories.")]


class Point(msgspec.Struct, frozen=True):
    """A line of ``geo convert``."""

    lon: float
    lat: float


class Place(msgspec.Struct, frozen=True):
    """A line of ``geo locate``."""

    lon: float
    lat: float
    crs: str | None = None


@app.command()
def convert(
    source: Annotated[str, typer.Option("--from", help="wgs84, gcj02 or bd09")],
    target: Annotated[str, typer.Option("--to", help="wgs84, gcj02 or bd09")],
    file: LinesFile = None,
) -> None:
    """Turn coordinates of one system into those of another."""
    known_source, known_target = _one_system(source, "--from"), _one_system(target, "--to")

    def answer(points: Sequence[Point]) -> list[Answer]:
        lon, lat = [p.lon for p in points], [p.lat for p in points]
        check_points(lon, lat, null_island=False)
        to_lon, to_lat = convert_points(lon, lat, source=known_source, target=known_target)
        return [{"lon": x, "lat": y} for x, y in zip(to_lon.tolist(), to_lat.tolist(), strict=True)]

    _run(file, Point, answer)


@app.command()
def check(territories: TerritoriesFile, file: LinesFile = None) -> None:
    """Say of each fix whether it lies inside its territories, outside, or uncertain."""
    judge = Judge(latest(_territories(territories)))

    def answer(fixes: Sequence[Fix]) -> list[Answer]:
        # Fixes against one territory each, which most are, are judged in one call.
        groups: dict[tuple[str, ...], list[int]] = {}
        for i, fix in enumerate(fixes):
            ids = judge.area_of(fix)
            groups.setdefault(ids if len(ids) > 1 else (), []).append(i)
        answers: list[Answer] = [{}] * len(fixes)
        for ids, rows in groups.items():
            for i, said in zip(rows, judge.say(ids, [fixes[i] for i in rows]), strict=True):
                answers[i] = said
        return answers

    _run(file, Fix, answer)


@app.command()
def locate(territories: TerritoriesFile, file: LinesFile = None, index: IndexFolder = None) -> None:
    """Name the territories that hold each point."""
    locator = _locator(territories, index)

    def answer(places: Sequence[Place]) -> list[Answer]:
        check_points([p.lon for p in places], [p.lat for p in places])
        found: list[list[str]] = [[] for _ in places]
        for reading in (0, -1):
            groups: dict[str, list[int]] = {}
            for i, place in enumerate(places):
                groups.setdefault(readings(_crs(place))[reading], []).append(i)
            for crs, rows in groups.items():
                lon, lat = convert_points(
                    [places[i].lon for i in rows],
                    [places[i].lat for i in rows],
                    source=readings(crs)[0],
                    target="wgs84",
                )
                for i, ids in zip(rows, locator.locate(lon, lat), strict=True):
                    found[i] = ids if reading == 0 else agreed(found[i], ids)
        return [{"territory_ids": ids} for ids in found]

    _run(file, Place, answer)


def _locator(territories: Path, index: Path | None) -> Locator:
    if index is None:
        return Locator.of({name: t.shape for name, t in latest(_territories(territories)).items()})
    known: dict[str, Territory] = {}

    def shapes() -> list[MultiPolygon]:
        known.update(latest(_territories(territories)))
        return [territory.shape for territory in known.values()]

    try:
        data = territories.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        # Only a file that was read before, and found right, has an index under its digest.
        names = index / digest[:32] / "territory_ids.json"
        if names.exists():
            return Locator.kept(index, digest, json.loads(names.read_text("utf-8")), shapes)
        locator = Locator.kept(index, digest, (), shapes)
        known = known or latest(_territories(territories))
        names.write_text(json.dumps(list(known)), "utf-8")
    except OSError as error:
        _fail("file-error", str(error))
    return Locator(tuple(known), locator.covering)


def _crs(line: Place) -> str:
    return "wgs84" if line.crs is None else line.crs


def _one_system(name: str, option: str) -> Any:
    if name == "unknown" or name not in ("wgs84", "gcj02", "bd09"):
        _fail("crs-unknown", f"{option} takes wgs84, gcj02 or bd09, not {name!r}")
    return name


def _territories(file: Path) -> tuple[Territory, ...]:
    try:
        found = read_territories(file.read_bytes())
    except OSError as error:
        _fail("file-error", str(error))
    except TracewardenError as error:
        _fail(error.type, f"{file}: {error.field}: {error.detail}")
    for territory in found:
        if territory.area_change > 0:
            typer.echo(
                f"{territory.territory_id} version {territory.version} crossed itself and was "
                f"repaired: its area changed by {territory.area_change:.2e}",
                err=True,
            )
    return found


def _fail(slug: str, detail: str) -> Any:
    """The command cannot be carried out: one line on stderr, exit code 2."""
    typer.echo(f"{slug}: {' '.join(detail.split())}", err=True)
    raise typer.Exit(2)


def _run(
    file: Path | None,
    line_type: type[Line],
    answer: Callable[[Sequence[Line]], list[Answer]],
) -> None:
    """Answer every line, in order, as many together as stdin has; exit 1 where one was bad."""
    bad = False
    for batch in _batches(file):
        parsed = [_parsed(text, line_type) for text in batch]
        lines = [line for line in parsed if not isinstance(line, TracewardenError)]
        answers = iter(_answered(lines, answer))
        said = [p if isinstance(p, TracewardenError) else next(answers) for p in parsed]
        bad = bad or any(isinstance(a, TracewardenError) for a in said)
        sys.stdout.buffer.write(b"".join(msgspec.json.encode(_shown(a)) + b"\n" for a in said))
        sys.stdout.buffer.flush()
    raise typer.Exit(1 if bad else 0)


def _answered(
    lines: Sequence[Line], answer: Callable[[Sequence[Line]], list[Answer]]
) -> list[Answer | TracewardenError]:
    """Answers to all lines at once; where one is bad, halves, until it stands alone."""
    if not lines:
        return []
    try:
        return [*answer(lines)]
    except TracewardenError as error:
        if len(lines) == 1:
            return [error]
    half = len(lines) // 2
    return _answered(lines[:half], answer) + _answered(lines[half:], answer)


def _shown(answer: Answer | TracewardenError) -> Answer:
    if isinstance(answer, TracewardenError):
        return {"ok": False, "error": answer.as_dict()}
    return answer


def _parsed(text: bytes, line_type: type[Line]) -> Line | TracewardenError:
    try:
        return _parse(text, line_type)
    except GeoError as error:
        return error


def _parse(text: bytes, line_type: type[Line]) -> Line:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        value = _lenient(text)
    try:
        return msgspec.convert(value, line_type)
    except msgspec.ValidationError as error:
        message = str(error)
        path = _PATH.search(message)
        missing = re.search(r"missing required field `(\w+)`", message)
        field = missing[1] if missing else path[1] if path else ""
        raise GeoError(_PATH.sub("", message), field=field, type="line-invalid") from None


def _lenient(text: bytes) -> object:
    """Python's reader takes NaN, so that it can be refused by its name."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GeoError(f"no JSON: {error}", type="line-invalid") from None


def _batches(file: Path | None) -> Iterator[list[bytes]]:
    """The lines that are there, without waiting for more: so answers go out when stdin pauses."""
    try:
        descriptor = sys.stdin.fileno() if file is None else os.open(file, os.O_RDONLY)
    except OSError as error:
        _fail("file-error", str(error))
    rest = b""
    try:
        while data := os.read(descriptor, _CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            for start in range(0, len(lines), _BATCH):
                yield lines[start : start + _BATCH]
        if rest:
            yield [rest]
    except OSError as error:
        _fail("file-error", str(error))
    finally:
        if file is not None:
            os.close(descriptor)
