"""A library of administrative areas with codes, out of a boundary package that users install.

Packages write codes, names, levels and parents in their own ways; ``Fields`` says where they stand.
Ours are four levels: region, province, city, county. Areas stay in the package's coordinate system,
which the territories made of them declare.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Struct
from shapely.geometry import mapping

from geo.area import unite
from geo.errors import GeoError
from geo.territories import as_collection, declared_crs, parse_territories

LEVELS = ("region", "province", "city", "county")


class Fields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a package keeps what we need: names of properties, with dots into what is nested
    (and may as well be written plainly); ``id`` alone is the feature's own.

    ``levels`` renames levels. Where there is no such property, ``level_by_length`` tells the level
    by the length of the code, ``parent_by_length`` how long the parent's is; ``padded`` says that
    shorter codes are filled up with zeros at the end, as China's are.
    """

    code: str = "id"
    name: str = "name"
    level: str | None = None
    parent: str | None = None
    levels: dict[str, str] = {}
    level_by_length: dict[int, str] = {}
    parent_by_length: dict[int, int] = {}
    padded: bool = False


PACKAGES: Mapping[str, Fields] = {
    # npm's us-atlas: FIPS codes, two digits a state, five a county.
    "us-atlas": Fields(level_by_length={2: "province", 5: "county"}, parent_by_length={5: 2}),
    # Files by China's codes of administrative divisions (GB/T 2260), as DataV writes them.
    "adcode": Fields(
        code="adcode", level="level", parent="parent.adcode", levels={"district": "county"},
        level_by_length={2: "province", 4: "city", 6: "county"},
        parent_by_length={4: 2, 6: 4}, padded=True,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AdministrativeArea:
    """An area by its code. ``geometry`` is GeoJSON in the library's coordinate system."""

    code: str
    name: str
    level: str
    parent: str | None
    geometry: Mapping[str, Any] = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The area as ``geo areas list`` prints it."""
        return {"code": self.code, "name": self.name, "level": self.level, "parent": self.parent}


class Library:
    """Areas by their codes; of those with one code the first counts."""

    def __init__(self, areas: Iterable[AdministrativeArea], crs: str = "wgs84") -> None:
        self.crs = crs
        self._areas: dict[str, AdministrativeArea] = {}
        for area in areas:
            self._areas.setdefault(area.code, area)
        self._children: dict[str, list[str]] = {}
        for area in self._areas.values():
            if area.parent is not None:
                self._children.setdefault(area.parent, []).append(area.code)

    def listed(
        self, *, level: str | None = None, under: str | None = None, name: str | None = None
    ) -> list[AdministrativeArea]:
        """Areas of a level, below an area at any depth, with some text in the name; by code."""
        codes = self._areas.keys() if under is None else set(self._below(under))
        found = (self._areas[code] for code in sorted(codes))
        return [
            area
            for area in found
            if (level is None or area.level == level) and (name is None or name in area.name)
        ]

    def features(
        self, codes: Sequence[str], *, prefix: str, version: int, valid_from: str | None
    ) -> dict[str, Any]:
        """Territories with an area each: the code behind ``prefix`` as their id.

        Raises:
            GeoError: ``area-unknown``.
        """
        made = []
        for code in dict.fromkeys(codes):
            area = self._areas.get(code)
            name = code if area is None else area.name
            geometry = self._united([code]) if area is None else area.geometry
            made.append(_feature(f"{prefix}{code}", name, version, valid_from, geometry))
        return self._collection(made)

    def united(
        self,
        codes: Sequence[str],
        *,
        territory_id: str,
        name: str,
        version: int,
        valid_from: str | None,
    ) -> dict[str, Any]:
        """All the areas as one territory.

        Raises:
            GeoError: ``area-unknown``, or what is wrong with a polygon.
        """
        geometry = self._united(list(dict.fromkeys(codes)))
        return self._collection([_feature(territory_id, name, version, valid_from, geometry)])

    def _collection(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        return {"type": "FeatureCollection", "crs": self.crs, "features": features}

    def _united(self, codes: Sequence[str]) -> Mapping[str, Any]:
        """The union in the library's own system; an area that is not there is its parts'."""
        parts = [part for code in codes for part in self._parts(code)]
        features = [_feature(a.code, a.name, 1, None, a.geometry) for a in parts]
        # Read as WGS-84, so that nothing is moved before the territory itself is imported.
        read = parse_territories({"type": "FeatureCollection", "features": features})
        united = mapping(unite([territory.shape for territory in read]))
        # As lists, not tuples: GeoJSON as it is decoded.
        geometry: Mapping[str, Any] = msgspec.json.decode(msgspec.json.encode(united))
        return geometry

    def _parts(self, code: str) -> list[AdministrativeArea]:
        if code in self._areas:
            return [self._areas[code]]
        below = [self._areas[child] for child in self._below(code)]
        if not below:
            raise GeoError(f"there is no area {code!r}", field="code", type="area-unknown")
        # The highest ones there are hold the others.
        codes = {area.code for area in below}
        return [area for area in below if area.parent not in codes]

    def _below(self, code: str) -> list[str]:
        """All below at any depth; files in which areas are each other's parents have an end."""
        found: dict[str, None] = {}
        ahead = [code]
        while ahead:
            for child in self._children.get(ahead.pop(), ()):
                if child not in found:
                    found[child] = None
                    ahead.append(child)
        return list(found)


def read_library(
    documents: Iterable[tuple[str, bytes]], fields: Fields, crs: str | None = None
) -> Library:
    """The areas of GeoJSON and TopoJSON documents, given by name and content.

    ``crs`` is the coordinate system where the documents declare none. What has no code or no known
    level, as a nation, is left out.

    Raises:
        GeoError: a document is none, or they are in different systems.
    """
    areas: list[AdministrativeArea] = []
    systems: set[str] = set()
    for name, content in documents:
        try:
            document = as_collection(msgspec.json.decode(content))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise GeoError(f"{name}: no JSON: {error}", type="geojson-invalid") from None
        if not isinstance(document, dict) or not isinstance(document.get("features"), list):
            raise GeoError(f"{name}: no GeoJSON or TopoJSON collection", type="geojson-invalid")
        systems.add(declared_crs(document.get("crs") or crs))
        areas += (a for f in document["features"] if (a := _area(f, fields)) is not None)
    if len(systems) > 1:
        raise GeoError("the files are in different systems", field="crs", type="crs-unknown")
    return Library(areas, *systems)


def _area(feature: object, fields: Fields) -> AdministrativeArea | None:
    if not isinstance(feature, Mapping) or not isinstance(feature.get("geometry"), Mapping):
        return None
    code = _text(feature, fields.code)
    if code is None:
        return None
    level = _level(feature, code, fields)
    if level not in LEVELS:
        return None
    parent = None if fields.parent is None else _text(feature, fields.parent)
    return AdministrativeArea(
        code=code,
        name=_text(feature, fields.name) or code,
        level=level,
        parent=parent or _parent(code, fields),
        geometry=feature["geometry"],
    )


def _level(feature: Mapping[str, Any], code: str, fields: Fields) -> str | None:
    said = None if fields.level is None else _text(feature, fields.level)
    if said is not None:
        return fields.levels.get(said, said)
    return fields.level_by_length.get(len(_bare(code, fields)))


def _text(feature: Mapping[str, Any], path: str) -> str | None:
    """What stands there, numbers as text; ``id`` is the feature's own where no property is."""
    properties = feature.get("properties")
    value: Any = properties if isinstance(properties, Mapping) else None
    for part in path.split("."):
        # One that is written plainly where others nest it stands for itself.
        value = value.get(part) if isinstance(value, Mapping) else value
    if value is None and path == "id":
        value = feature.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _bare(code: str, fields: Fields) -> str:
    """The code without the zeros that fill it up; they come in pairs."""
    while fields.padded and len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


def _parent(code: str, fields: Fields) -> str | None:
    bare = _bare(code, fields)
    length = fields.parent_by_length.get(len(bare))
    if length is None:
        return None
    return bare[:length].ljust(len(code), "0") if fields.padded else bare[:length]


def _feature(
    territory_id: str, name: str, version: int, valid_from: str | None, geometry: Mapping[str, Any]
) -> dict[str, Any]:
    properties = {"territory_id": territory_id, "name": name, "version": version}
    if valid_from is not None:
        properties["valid_from"] = valid_from
    return {"type": "Feature", "properties": properties, "geometry": geometry}
