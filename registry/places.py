"""The registry's areas: shapes for the keys that ``Authority`` gives, and which territories hold a
place. Shapes are built once and kept; equal keys are equal areas."""

from collections.abc import Iterable
from functools import cached_property

import shapely
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon, shape

from events.model import Crs
from geo.area import Area
from geo.crs import convert
from registry.authority import AreaKey, Clause, TerritoryVersion, Union
from registry.known import BEFORE_EVERYTHING, instant, recorded_us
from registry.model import Territory

_GEOD = Geod(ellps="WGS84")


class Places:
    """Shapes of the registry's territories, alone and as the areas in which dealers may sell."""

    def __init__(self, territories: Iterable[Territory]) -> None:
        self._territories: dict[TerritoryVersion, Territory] = {
            (territory.territory_id, territory.version): territory for territory in territories
        }
        self._areas: dict[AreaKey, Area | None] = {}
        self._alone: dict[TerritoryVersion, Area] = {}
        self._sizes: dict[TerritoryVersion, float] = {}

    def area(self, key: AreaKey) -> Area | None:
        """The area that a key names; None where nothing is left of it."""
        if key not in self._areas:
            parts = [self._clause(clause) for clause in key]
            polygons = [part for part in parts if not part.is_empty]
            self._areas[key] = Area(polygons) if polygons else None
        return self._areas[key]

    def _clause(self, clause: Clause) -> MultiPolygon:
        """The intersection of unions; lines and points that are left of it are no area."""
        first, *others = (self._union(union) for union in clause)
        for other in others:
            first = _polygons(shapely.intersection(first, other))
        return first

    def _union(self, union: Union) -> MultiPolygon:
        return Area([self._shape(version) for version in union]).shape

    def _shape(self, version: TerritoryVersion) -> Polygon | MultiPolygon:
        return self._shapes[version]

    @cached_property
    def _shapes(self) -> dict[TerritoryVersion, Polygon | MultiPolygon]:
        return {key: shape(row.geometry) for key, row in self._territories.items()}

    @cached_property
    def _rows(self) -> list[tuple[TerritoryVersion, Territory]]:
        return list(self._territories.items())

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(list(self._shapes.values()))

    def holding(self, lon: float, lat: float, at_us: int, known_us: int) -> list[Territory]:
        """Territories in force then, as known then, that hold the point (degrees, WGS-84), the
        smallest first, ties by id. A border point belongs to one owner (geo/borders.py)."""
        near = (self._rows[index] for index in self._tree.query(shapely.box(lon, lat, lon, lat)))
        holding = [
            (self._size(version), territory)
            for version, territory in near
            if self._is_in_force(territory, at_us, known_us)
            and bool(self._area_of(version).contains(lon, lat)[0])
        ]
        holding.sort(key=lambda held: (held[0], held[1].territory_id))
        return [territory for _, territory in holding]

    def _is_in_force(self, territory: Territory, at_us: int, known_us: int) -> bool:
        """In force, known, and not yet replaced by a newer version of itself."""
        if not _counts(territory, at_us, known_us):
            return False
        return not any(
            other.territory_id == territory.territory_id
            and other.version > territory.version
            and _counts(other, at_us, known_us)
            for other in self._versions_of(territory.territory_id)
        )

    def _versions_of(self, territory_id: str) -> list[Territory]:
        return self._by_id.get(territory_id, [])

    @cached_property
    def _by_id(self) -> dict[str, list[Territory]]:
        found: dict[str, list[Territory]] = {}
        for territory in self._territories.values():
            found.setdefault(territory.territory_id, []).append(territory)
        return found

    def _area_of(self, version: TerritoryVersion) -> Area:
        if version not in self._alone:
            self._alone[version] = Area([self._shape(version)])
        return self._alone[version]

    def _size(self, version: TerritoryVersion) -> float:
        if version not in self._sizes:
            self._sizes[version] = abs(_GEOD.geometry_area_perimeter(self._shape(version))[0])
        return self._sizes[version]


def _counts(territory: Territory, at_us: int, known_us: int) -> bool:
    begun = instant(territory.valid_from, absent=BEFORE_EVERYTHING) <= at_us
    return begun and recorded_us(territory) <= known_us


def _polygons(geometry: shapely.Geometry) -> MultiPolygon:
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon)]
    return MultiPolygon([part for part in parts if not part.is_empty])


def on_wgs84(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    """A point on WGS-84; one of an unknown system is taken as it stands."""
    if crs == "wgs84" or crs == "unknown":
        return lon, lat
    to_lon, to_lat = convert([lon], [lat], source=crs, target="wgs84")
    return float(to_lon[0]), float(to_lat[0])
