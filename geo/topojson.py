"""TopoJSON 1.0 (Bostock, specification) into GeoJSON: arcs put together, quantisation undone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geo.arrays import Floats
from geo.errors import GeoError

_Arcs = list[list[list[float]]]


def features(
    topology: object, name: str, *, id_prefix: str = "", version: int = 1
) -> dict[str, Any]:
    """Object ``name`` of a topology as a FeatureCollection in the form of territories.

    Properties stay; where ``territory_id`` is not among them a geometry's ``id`` is taken.
    Geometries other than polygons, and those that quantising collapsed to nothing, are left out.

    Raises:
        GeoError: ``topojson-invalid``, ``field`` naming the member.
    """
    if not isinstance(topology, Mapping) or topology.get("type") != "Topology":
        raise _invalid("a topology has the type Topology", "type")
    objects = topology.get("objects")
    if not isinstance(objects, Mapping) or not isinstance(objects.get(name), Mapping):
        known = ", ".join(sorted(objects)) if isinstance(objects, Mapping) else ""
        raise _invalid(f"there is no object {name!r}; there are: {known}", "objects")
    geometries = objects[name].get("geometries")
    if objects[name].get("type") in ("Polygon", "MultiPolygon"):
        geometries = [objects[name]]
    if not isinstance(geometries, list):
        raise _invalid("a collection has geometries", f"objects.{name}.geometries")
    arcs = _arcs(topology)
    found = []
    for i, geometry in enumerate(geometries):
        field = f"objects.{name}.geometries[{i}]"
        shape = _shape(geometry, arcs, field)
        if shape is not None:
            found.append(_feature(geometry, shape, f"{id_prefix}{geometry.get('id', i)}", version))
    return {"type": "FeatureCollection", "features": found}


def _invalid(detail: str, field: str) -> GeoError:
    return GeoError(detail, field=field, type="topojson-invalid")


def all_features(topology: Mapping[str, Any]) -> dict[str, Any]:
    """The polygons of all objects of a topology; its ``crs`` member stays.

    Raises:
        GeoError: ``topojson-invalid``.
    """
    objects = topology.get("objects")
    names = list(objects) if isinstance(objects, Mapping) else []
    found = [f for name in names for f in features(topology, name)["features"]]
    return {"type": "FeatureCollection", "features": found, "crs": topology.get("crs")}


def _feature(
    geometry: Mapping[str, Any], shape: dict[str, Any], territory_id: str, version: int
) -> dict[str, Any]:
    given = geometry.get("properties")
    properties = dict(given) if isinstance(given, Mapping) else {}
    name = properties.get("name")
    if properties.get("territory_id") is None:
        properties["territory_id"] = territory_id
    if properties.get("version") is None:
        properties["version"] = version
    properties["name"] = name if isinstance(name, str) else properties["territory_id"]
    feature = {"type": "Feature", "properties": properties, "geometry": shape}
    return {**feature, "id": geometry["id"]} if "id" in geometry else feature


def _arcs(topology: Mapping[str, Any]) -> list[Floats]:
    """Every arc's positions (n, 2) in degrees; delta-coded integers where it is quantised."""
    raw = topology.get("arcs")
    if not isinstance(raw, list):
        raise _invalid("a topology has arcs", "arcs")
    transform = topology.get("transform")
    try:
        arcs = [np.array([p[:2] for p in arc], dtype=np.float64).reshape(-1, 2) for arc in raw]
        if transform is None:
            return arcs
        scale = np.array(transform["scale"], dtype=np.float64).reshape(2)
        move = np.array(transform["translate"], dtype=np.float64).reshape(2)
    except (TypeError, ValueError, KeyError, IndexError):
        raise _invalid("arcs or the transform are malformed", "arcs") from None
    return [np.cumsum(arc, axis=0) * scale + move for arc in arcs]


def _shape(geometry: object, arcs: list[Floats], field: str) -> dict[str, Any] | None:
    if not isinstance(geometry, Mapping):
        raise _invalid("a geometry is an object", field)
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    try:
        numbers = geometry["arcs"]
        polygons = [numbers] if kind == "Polygon" else numbers
        made = [[_ring(ring, arcs) for ring in polygon] for polygon in polygons]
        # Quantising collapses islets to a point or a line; what has no shell left goes.
        made = [[r for r in rings if len(r) > 3] for rings in made if len(rings[0]) > 3]
    except (KeyError, TypeError, IndexError, ValueError):
        raise _invalid("arcs are lists of numbers of arcs that exist", f"{field}.arcs") from None
    return {"type": "MultiPolygon", "coordinates": made} if made else None


def _ring(numbers: list[int], arcs: list[Floats]) -> _Arcs:
    """Arcs one after another; ``~n`` is arc n backwards, and each begins where the last ended."""
    parts = []
    for position, number in enumerate(numbers):
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        parts.append(arc[1:] if position else arc)
    ring: _Arcs = np.concatenate(parts).tolist()
    return ring
