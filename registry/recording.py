"""Reading a recording's frame and its ``registry/``: all of it, or none with every reason."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from shapely.geometry import mapping

from events.errors import TracewardenError
from geo.errors import GeoError
from geo.points import check_points
from geo.territories import MAX_CHANGE, as_collection, parse_territories
from registry.model import (
    Authorisation,
    Dealer,
    Head,
    IssuingJob,
    Link,
    Permit,
    PrintReport,
    Product,
    Shipment,
    Site,
    Territory,
    Time,
)
from registry.policies import PolicyVersion
from registry.policy import Policy, read_policy
from registry.rows import RegistryRows
from registry.schemas import problems_of

ROW_TYPES: Mapping[str, type[Struct]] = {
    "products": Product,
    "dealers": Dealer,
    "authorisations": Authorisation,
    "permits": Permit,
    "sites": Site,
    "shipments": Shipment,
    "jobs": IssuingJob,
    "links": Link,
    "print_reports": PrintReport,
    "policies": PolicyVersion,
}
"""Files of rows, ``registry/{name}.jsonl``; a file that is not there has no rows."""

MOST_PROBLEMS = 50


class RowProblem(NamedTuple):
    """What is wrong with a row: the file, its line from 1, the member, why, and its name."""

    file: str
    line: int
    field: str
    detail: str
    type: str = "row-invalid"

    def as_dict(self) -> dict[str, Any]:
        """The problem as ``load`` prints it."""
        return self._asdict()


class RegistryError(TracewardenError):
    """A registry folder that cannot be taken; nothing of it is."""

    type = "registry-invalid"

    def __init__(self, problems: list[RowProblem]) -> None:
        first = problems[0]
        super().__init__(
            f"{first.file}:{first.line}: {first.field or 'row'}: {first.detail}"
            + (f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""),
            field=first.field,
        )
        self.problems = problems


def read_head(folder: Path) -> Head:
    """``recording.json``.

    Raises:
        RegistryError: it is not there, or not of the form.
    """
    path = folder / "recording.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Head)
    except FileNotFoundError:
        raise RegistryError([RowProblem(path.name, 0, "", "no such file")]) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RegistryError([_explained(path.name, 1, error)]) from None


class Repair(NamedTuple):
    """A territory that was made valid, and the share by which that changed its area."""

    territory_id: str
    version: int
    area_change: float

    def as_dict(self) -> dict[str, Any]:
        """The repair as ``load`` prints it."""
        return {"type": "territory-repaired", **self._asdict()}


def read_registry(
    folder: Path,
    *,
    max_change: float = MAX_CHANGE,
    on_repair: Callable[[Repair], None] = lambda _repair: None,
) -> tuple[Head, RegistryRows]:
    """The frame and all rows of a recording.

    ``max_change``: the share of its area by which repair may change a territory; ``on_repair`` is
    told of each that it changed.

    Raises:
        RegistryError: every row that is wrong, up to ``MOST_PROBLEMS``.
    """
    head = read_head(folder)
    problems: list[RowProblem] = []
    rows: dict[str, tuple[Any, ...]] = {}
    for name, row_type in ROW_TYPES.items():
        path = folder / "registry" / f"{name}.jsonl"
        rows[name] = tuple(_rows(path, row_type, problems)) if path.exists() else ()
    territories: tuple[Territory, ...] = ()
    path = folder / "registry" / "territories.geojson"
    if path.exists():
        try:
            territories = read_territory_rows(
                path, crs=head.territories_crs, max_change=max_change, on_repair=on_repair
            )
        except RegistryError as error:
            problems += error.problems
    policy = _policy(folder / "registry" / "policy.json", problems)
    if problems:
        raise RegistryError(problems[:MOST_PROBLEMS])
    return head, RegistryRows(
        **rows,
        territories=territories,
        own_glns=tuple(head.own_glns),
        policy=policy,
        lateness_s=head.lateness_s,
    )


R = TypeVar("R", bound=Struct)


def _rows(path: Path, row_type: type[R], problems: list[RowProblem]) -> Iterator[R]:
    decoder = msgspec.json.Decoder(row_type)
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            problems.append(_explained(path.name, number, error))
            continue
        wrong = [RowProblem(path.name, number, *p) for p in problems_of(row_type, line)]
        wrong += [
            RowProblem(path.name, number, error.field, error.detail, error.type)
            for error in place_problems(row)
        ]
        problems.extend(wrong)
        if not wrong:
            yield row


def place_problems(row: Struct) -> Iterator[GeoError]:
    """What is wrong with a place that is in range and still cannot be meant: exactly 0, 0."""
    if isinstance(row, Site):
        try:
            check_points(row.lon, row.lat)
        except GeoError as error:
            yield error


def _explained(file: str, line: int, error: Exception) -> RowProblem:
    detail, _, path = str(error).partition(" - at `$")
    return RowProblem(file, line, path.rstrip("`").lstrip("."), detail)


def read_territory_rows(
    path: Path,
    *,
    crs: str | None = None,
    max_change: float = MAX_CHANGE,
    on_repair: Callable[[Repair], None] = lambda _repair: None,
) -> tuple[Territory, ...]:
    """The territories of a GeoJSON or TopoJSON file; ``crs`` is for one that declares none.

    Raises:
        RegistryError: what is wrong, with the feature; nothing is taken then.
        OSError: there is no such file.
    """
    try:
        document = as_collection(_decoded(path.read_bytes()))
        if isinstance(document, dict) and document.get("crs") is None:
            document["crs"] = crs
        parsed = parse_territories(document, max_change=max_change)
        recorded = [_recorded_at(feature) for feature in document["features"]]  # type: ignore[index]
    except TracewardenError as error:
        raise RegistryError(
            [RowProblem(path.name, 0, error.field, error.detail, error.type)]
        ) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise RegistryError([_explained(path.name, 1, error)]) from None
    for territory in parsed:
        if territory.area_change > 0:
            on_repair(Repair(territory.territory_id, territory.version, territory.area_change))
    return tuple(
        Territory(
            territory_id=territory.territory_id,
            name=territory.name,
            version=territory.version,
            geometry=mapping(territory.shape),
            valid_from=territory.valid_from,
            recorded_at=at,
        )
        for territory, at in zip(parsed, recorded, strict=True)
    )


def _decoded(data: bytes) -> Any:
    """The document; Python's own reader knows NaN, so that it can be refused by its name."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)


def _recorded_at(feature: Mapping[str, Any]) -> Any:
    value = feature["properties"].get("recorded_at")
    return None if value is None else msgspec.convert(value, Time)


def _policy(path: Path, problems: list[RowProblem]) -> Policy:
    if not path.exists():
        return Policy()
    try:
        return read_policy(path.read_bytes())
    except TracewardenError as error:
        problems.append(RowProblem(path.name, 1, error.field, error.detail))
        return Policy()
