"""A territory's geometry: GeoJSON in memory, or a shape on disk that processes share."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from shapely.geometry import MultiPolygon, Polygon, mapping, shape

from geo.shapes import Shapes, size_m2
from registry.model import Territory


class KeptGeometry(Mapping[str, Any]):
    """GeoJSON that is made of a kept shape where one wants it; ``digest`` tells the content."""

    __slots__ = ("_number", "_shapes", "digest")

    def __init__(self, shapes: Shapes, number: int, digest: str) -> None:
        self._shapes = shapes
        self._number = number
        self.digest = digest

    @property
    def shape(self) -> MultiPolygon:
        """The shape, made anew of the kept coordinates."""
        return self._shapes[self._number]

    @property
    def size_m2(self) -> float:
        """The shape's size on the ellipsoid in square metres."""
        return self._shapes.size_m2(self._number)

    def __getitem__(self, name: str) -> Any:
        return mapping(self.shape)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("type", "coordinates"))

    def __len__(self) -> int:
        return 2


def shape_of(territory: Territory) -> Polygon | MultiPolygon:
    """The territory's shape on WGS-84."""
    geometry = territory.geometry
    return geometry.shape if isinstance(geometry, KeptGeometry) else shape(geometry)


def size_of_m2(territory: Territory) -> float:
    """The territory's size on the ellipsoid in square metres."""
    geometry = territory.geometry
    return geometry.size_m2 if isinstance(geometry, KeptGeometry) else size_m2(shape(geometry))


def digest_of(territory: Territory) -> str:
    """What tells a version with its geometry from all others, in hex."""
    if isinstance(territory.geometry, KeptGeometry):
        return territory.geometry.digest
    content = territory.territory_id, territory.version, territory.geometry
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()
