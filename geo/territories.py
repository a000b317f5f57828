"""Territories out of GeoJSON or TopoJSON: frozen values on WGS-84, a named error for all else.

A ring may run in either direction. What crosses itself a little is repaired with
``make_valid(method="structure")`` and the change of area told; what changes by more than
``MAX_CHANGE`` is refused. What spans the antimeridian has to be cut there (RFC 7946, 3.1.9).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from geo.area import Area
from geo.arrays import Floats
from geo.crs import Crs, convert
from geo.errors import GeoError
from geo.points import check_points
from geo.repair import ground_km2, repaired
from geo.topojson import all_features

MAX_VERTICES = 2_000_000
MAX_KM2 = 100_000_000.0
"""More than twice Asia: such a territory is a mistake, as with a ring that runs round the world."""
MAX_CHANGE = 0.01
_SHIFT_STEP_DEG = 0.01
_WGS84_NAMES = {
    "wgs84",
    "urn:ogc:def:crs:ogc:1.3:crs84",
    "urn:ogc:def:crs:ogc::crs84",
    "urn:ogc:def:crs:epsg::4326",
    "epsg:4326",
    "crs84",
    "ogc:crs84",
}


@dataclass(frozen=True, slots=True)
class Territory:
    """One version of a territory. ``area_change`` is the share by which repair changed it."""

    territory_id: str
    name: str
    version: int
    valid_from: datetime | None
    shape: MultiPolygon
    area_km2: float
    area_change: float = 0.0


def read_territories(data: bytes, *, max_change: float = MAX_CHANGE) -> tuple[Territory, ...]:
    """Parse a GeoJSON FeatureCollection, or a TopoJSON topology with all its objects.

    ``max_change`` is the share of its area by which repair may change a territory.

    Raises:
        GeoError: what is wrong, with ``field`` naming the feature; nothing is taken then.
    """
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        document = _lenient(data)
    return parse_territories(document, max_change=max_change)


def parse_territories(document: object, *, max_change: float = MAX_CHANGE) -> tuple[Territory, ...]:
    """The territories of a decoded document, in its order; see ``read_territories``."""
    document = as_collection(document)
    if not isinstance(document, Mapping) or document.get("type") != "FeatureCollection":
        raise _invalid("territories are a GeoJSON FeatureCollection", "type")
    features = document.get("features")
    if not isinstance(features, list):
        raise _invalid("features is a list", "features")
    crs = declared_crs(document.get("crs"))
    found = tuple(_territory(f, f"features[{i}]", crs, max_change) for i, f in enumerate(features))
    seen: set[tuple[str, int]] = set()
    for i, territory in enumerate(found):
        key = territory.territory_id, territory.version
        if key in seen:
            raise GeoError(
                f"territory {key[0]!r} version {key[1]} stands twice",
                field=f"features[{i}].properties.territory_id",
                type="territory-duplicate",
            )
        seen.add(key)
    return found


def as_collection(document: object) -> object:
    """A topology as a FeatureCollection; anything else as it is.

    Raises:
        GeoError: ``topojson-invalid``.
    """
    if isinstance(document, Mapping) and document.get("type") == "Topology":
        return all_features(document)
    return document


def latest(territories: Iterable[Territory]) -> dict[str, Territory]:
    """The highest version of each territory, in order of first appearance."""
    newest: dict[str, Territory] = {}
    for territory in territories:
        known = newest.get(territory.territory_id)
        if known is None or territory.version > known.version:
            newest[territory.territory_id] = territory
    return newest


def area_of(territories: Iterable[Territory]) -> Area:
    """The territories as one area: their shared borders are no borders."""
    return Area([t.shape for t in territories])


def declared_crs(member: object) -> Crs:
    """The system that a file's ``crs`` member names: a string, or GeoJSON 2008's named CRS.

    Raises:
        GeoError: ``crs-unknown``.
    """
    if member is None:
        return "wgs84"
    name = member
    if isinstance(member, Mapping):
        properties = member.get("properties")
        name = properties.get("name") if isinstance(properties, Mapping) else member.get("name")
    known = name.lower().replace("-", "") if isinstance(name, str) else ""
    if known in _WGS84_NAMES:
        return "wgs84"
    if known == "gcj02":
        return "gcj02"
    if known == "bd09":
        return "bd09"
    raise GeoError(f"{name!r} is no coordinate system known here", field="crs", type="crs-unknown")


def _lenient(data: bytes) -> object:
    """Python's own reader knows NaN and Infinity, so that these can be named as what they are."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"no JSON: {error}", "") from None


def _invalid(detail: str, field: str) -> GeoError:
    return GeoError(detail, field=field, type="geojson-invalid")


def _territory(feature: object, field: str, crs: Crs, max_change: float) -> Territory:
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        raise _invalid("each member of features is a Feature", field)
    properties = feature.get("properties")
    if not isinstance(properties, Mapping):
        raise _invalid("a territory has properties", f"{field}.properties")
    territory_id = properties.get("territory_id")
    if not isinstance(territory_id, str) or not territory_id:
        raise _invalid("territory_id is a non-empty string", f"{field}.properties.territory_id")
    name = properties.get("name")
    if name is not None and not isinstance(name, str):
        raise _invalid("name is a string", f"{field}.properties.name")
    version = properties.get("version")
    version = 1 if version is None else version
    if not isinstance(version, int) or isinstance(version, bool):
        raise _invalid("version is an integer", f"{field}.properties.version")
    raw = _geometry(feature.get("geometry"), f"{field}.geometry")
    shape, change = repaired(_shifted(raw, crs), f"{field}.geometry", max_change)
    return Territory(
        territory_id=territory_id,
        name=territory_id if name is None else name,
        version=version,
        valid_from=_time(properties.get("valid_from"), f"{field}.properties.valid_from"),
        shape=shape,
        area_km2=_sized(shape, f"{field}.geometry"),
        area_change=change,
    )


def _time(value: object, field: str) -> datetime | None:
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise _invalid("valid_from is an RFC 3339 time with an offset", field)
    return at


def _geometry(geometry: object, field: str) -> MultiPolygon:
    if geometry is None:
        raise GeoError("the territory has no geometry", field=field, type="polygon-empty")
    if not isinstance(geometry, Mapping) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise _invalid("a territory is a Polygon or a MultiPolygon", field)
    parts = geometry.get("coordinates")
    field = f"{field}.coordinates"
    if not isinstance(parts, list):
        raise _invalid("coordinates are a list", field)
    if geometry["type"] == "Polygon":
        return MultiPolygon([_polygon(parts, field)])
    return MultiPolygon([_polygon(part, f"{field}[{i}]") for i, part in enumerate(parts)])


def _polygon(rings: object, field: str) -> Polygon:
    if not isinstance(rings, list):
        raise _invalid("a polygon is a list of rings", field)
    if not rings:
        raise GeoError("the polygon has no ring", field=field, type="polygon-empty")
    shell, *holes = [_ring(ring, f"{field}[{i}]") for i, ring in enumerate(rings)]
    return Polygon(shell, holes)


def _ring(ring: object, field: str) -> Floats:
    """The ring's positions (n, 2); a third coordinate, a height, is left out."""
    if not isinstance(ring, list):
        raise _invalid("a ring is a list of positions", field)
    if not ring:
        raise GeoError("the ring is empty", field=field, type="polygon-empty")
    if len(ring) > MAX_VERTICES:
        raise GeoError(
            f"the ring has {len(ring)} vertices, at most {MAX_VERTICES} are taken",
            field=field,
            type="polygon-enormous",
        )
    points = _positions(ring, field)
    try:
        check_points(points[:, 0], points[:, 1], null_island=False)
    except GeoError as error:
        raise GeoError(error.detail, field=field, type=error.type) from None
    if len(points) < 4:
        raise GeoError("a ring has four positions or more", field=field, type="ring-too-short")
    if (points[0] != points[-1]).any():
        raise GeoError(
            "the ring's last position is not its first", field=field, type="ring-unclosed"
        )
    _refuse_uncut(points, field)
    return points


def _positions(ring: list[Any], field: str) -> Floats:
    try:
        if any(isinstance(v, str | bool) for position in ring for v in position[:2]):
            raise ValueError
        points = np.array([position[:2] for position in ring], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        points = np.zeros(0)
    if points.ndim != 2 or points.shape[1] != 2:
        raise _invalid("a position is [lon, lat]", field)
    return points


def _refuse_uncut(points: Floats, field: str) -> None:
    """An edge of more than half a turn is one that was meant to cross the antimeridian."""
    a, b = points[:-1], points[1:]
    wide = np.abs(b[:, 0] - a[:, 0]) > 180
    wide &= ~((np.abs(a[:, 0]) == 180) & (np.abs(b[:, 0]) == 180))
    wide &= ~((np.abs(a[:, 1]) == 90) & (a[:, 1] == b[:, 1]))
    if wide.any():
        where = int(np.argmax(wide))
        raise GeoError(
            f"the edge from {a[where].tolist()} spans more than 180 degrees: "
            "cut the polygon at the antimeridian (RFC 7946, 3.1.9)",
            field=field,
            type="antimeridian-uncut",
        )


def _shifted(shape: MultiPolygon, crs: Crs) -> MultiPolygon:
    """The shape on WGS-84. Edges are cut first, since what is straight in one is not in another."""
    if crs == "wgs84":
        return shape
    fine = shapely.segmentize(shape, _SHIFT_STEP_DEG)

    def to_wgs84(points: Floats) -> Floats:
        return np.column_stack(convert(points[:, 0], points[:, 1], source=crs, target="wgs84"))

    moved: MultiPolygon = shapely.transform(fine, to_wgs84)
    return moved


def _sized(shape: MultiPolygon, field: str) -> float:
    size = ground_km2(shape)
    if size > MAX_KM2:
        raise GeoError(
            f"the territory covers {size:.0f} square kilometres; did a ring close the wrong way?",
            field=field,
            type="polygon-enormous",
        )
    return size
