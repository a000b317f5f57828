"""The registry's areas: shapes for the keys that ``Authority`` gives, and which territories hold a
place. Shapes are built once and kept; equal keys are equal areas."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

from events.model import Crs
from geo.area import Area, unite
from geo.arrays import Floats, Ints
from geo.borders import Borders
from geo.covering.file import shared
from geo.covering.index import Covering
from geo.kept import Arrays, kept, prune
from geo.rows import joined
from geo.verdict import normal_columns
from registry.authority import AreaKey, Clause, TerritoryVersion, Union
from registry.geometry import KeptGeometry, digest_of, shape_of, size_of_m2
from registry.known import BEFORE_EVERYTHING, instant, recorded_us
from registry.model import Territory

_AREA = "tracewarden-area/1"
_KEPT_AREAS = 1000
_KEPT_FROM = 2
"""An area of fewer territories is made sooner than found."""
MOST_EDGES = 200_000
"""An index of areas that has grown beyond this is begun again: it is copied whenever it grows."""


class AreaRows(NamedTuple):
    """Areas in one index, and the row of each key; a key of which nothing is left has an empty
    area."""

    borders: Borders
    row: dict[AreaKey, int]


class Places:
    """Shapes of the registry's territories, alone and as the areas in which dealers may sell."""

    def __init__(self, territories: Iterable[Territory], index: Path | None = None) -> None:
        """``index``: a folder in which an index of all territories, and areas of several, are
        kept, made there at the first time and mapped by every process that asks for the same.
        """
        self._index = index
        self._shapes: dict[TerritoryVersion, Polygon | MultiPolygon] = {}
        self._territories: dict[TerritoryVersion, Territory] = {
            (territory.territory_id, territory.version): territory for territory in territories
        }
        self._areas: dict[AreaKey, Area | None] = {}
        self._clauses: dict[Clause, MultiPolygon] = {}
        self._sizes: dict[TerritoryVersion, float] = {}
        self._bounds: dict[frozenset[str], Floats] = {}
        self._rows = AreaRows(joined([]), {})

    def rows(self, keys: Iterable[AreaKey]) -> AreaRows:
        """An index that holds at least these areas; those asked for lately are in it already."""
        wanted, rows = dict.fromkeys(keys), self._rows
        fresh = [key for key in wanted if key not in rows.row]
        if fresh:
            if len(rows.borders.low_lon) > MOST_EDGES:
                rows, fresh = AreaRows(joined([]), {}), list(wanted)
            held = [*rows.row, *fresh]
            borders = joined([rows.borders, *(self._borders(key) for key in fresh)])
            rows = AreaRows(borders, {key: row for row, key in enumerate(held)})
            self._rows = rows
        return rows

    def _borders(self, key: AreaKey) -> Borders:
        versions = {version for clause in key for union in clause for version in union}
        if self._index is None or len(versions) < _KEPT_FROM:
            return self._united(key)
        # Uniting takes long where borders are long; the first who needs the area does it for all.
        named = [[[digest_of(self._territories[v]) for v in u] for u in c] for c in key]
        folder = self._index / "areas"

        def make() -> Arrays:
            if folder.exists():
                prune(folder, _KEPT_AREAS)
            return self._united(key).arrays()

        return Borders.of_arrays(kept(folder, _digest(named)[:32], _AREA, make))

    def _united(self, key: AreaKey) -> Borders:
        area = self.area(key)
        return Borders([MultiPolygon()]) if area is None else area.borders

    def area(self, key: AreaKey) -> Area | None:
        """The area that a key names; None where nothing is left of it."""
        if key not in self._areas:
            parts = [self._clause(clause) for clause in key]
            polygons = [part for part in parts if not part.is_empty]
            self._areas[key] = Area(polygons) if polygons else None
        return self._areas[key]

    def _clause(self, clause: Clause) -> MultiPolygon:
        """The intersection of unions. Areas share clauses: a dealer's own, with one permit or
        another."""
        if clause not in self._clauses:
            self._clauses[clause] = self._intersection(clause)
        return self._clauses[clause]

    def _intersection(self, clause: Clause) -> MultiPolygon:
        """What unions share; lines and points that are left of it are no area."""
        first, *others = (self._union(union) for union in clause)
        for other in others:
            first = _polygons(shapely.intersection(first, other))
        return first

    def _union(self, union: Union) -> MultiPolygon:
        return Area([self._shape(version) for version in union]).shape

    def _shape(self, version: TerritoryVersion) -> Polygon | MultiPolygon:
        territory = self._territories[version]
        if isinstance(territory.geometry, KeptGeometry):
            # It is on disk for all; a copy of each that was ever asked for would add up.
            return shape_of(territory)
        if version not in self._shapes:
            self._shapes[version] = shape_of(territory)
        return self._shapes[version]

    def _all_shapes(self) -> list[Polygon | MultiPolygon]:
        return [self._shape(version) for version in self._territories]

    @cached_property
    def _listed(self) -> list[tuple[TerritoryVersion, Territory]]:
        return list(self._territories.items())

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._all_shapes())

    @cached_property
    def _alone(self) -> Borders:
        """Every territory for itself, in the order of the tree."""
        return joined([Area([shape]).borders for shape in self._all_shapes()])

    @cached_property
    def _covering(self) -> Covering | None:
        """The index on disk, where there is to be one."""
        if self._index is None:
            return None
        return shared(self._index, self._digest(), lambda: [unite([s]) for s in self._all_shapes()])

    def _digest(self) -> str:
        return _digest(list(map(digest_of, self._territories.values())))

    def _held(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """(point, territory version) pairs that hold, whatever their times."""
        if self._covering is not None:
            return self._covering.pairs(lon, lat)
        point, near = self._tree.query(shapely.points(lon, lat))
        inside = self._alone.contains(near, lon[point], lat[point])
        return point[inside], near[inside]

    def may_hold(self, territory_ids: frozenset[str], lon: float, lat: float) -> bool:
        """Whether the point (degrees, WGS-84) is within the bounds of any version of one of the
        territories: where it is not, ``holding`` names none of them, at a multiple of the cost."""
        if not territory_ids:
            return False
        bounds = self._bounds.get(territory_ids)
        if bounds is None:
            bounds = self._bounds[territory_ids] = self._bounds_of(territory_ids)
        west, south, east, north = bounds
        within = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
        return bool(within.any()) or lon == 180.0  # which is read as -180

    def _bounds_of(self, territory_ids: Iterable[str]) -> Floats:
        """(4, n): west, south, east and north of each."""
        versions = [
            (territory.territory_id, territory.version)
            for territory_id in sorted(territory_ids)
            for territory in self._versions_of(territory_id)
        ]
        shapes = np.array([self._shape(version) for version in versions], dtype=object)
        bounds: Floats = shapely.bounds(shapes).reshape(-1, 4)
        return np.ascontiguousarray(bounds.T)

    def holding(self, lon: float, lat: float, at_us: int, known_us: int) -> list[Territory]:
        """Territories in force then, as known then, that hold the point (degrees, WGS-84), the
        smallest first, ties by id. A border point belongs to one owner (geo/borders.py)."""
        return self.holding_columns(np.array([lon]), np.array([lat]), [at_us], [known_us])[0]

    def holding_columns(
        self, lon: Floats, lat: Floats, at_us: Sequence[int], known_us: Sequence[int]
    ) -> list[list[Territory]]:
        """``holding`` for many points, each with its own times."""
        points, rows = self._held(lon, lat)
        held: list[list[tuple[float, str, Territory]]] = [[] for _ in range(len(lon))]
        for index, row in zip(points.tolist(), rows.tolist(), strict=True):
            version, territory = self._listed[row]
            if self._is_in_force(territory, at_us[index], known_us[index]):
                held[index].append((self.size_m2(version), territory.territory_id, territory))
        return [[found[2] for found in sorted(one, key=lambda f: f[:2])] for one in held]

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

    def name_of(self, territory_id: str, known_us: int) -> str | None:
        """What the territory was last called, as known then; none where it was not known."""
        known = [one for one in self._versions_of(territory_id) if recorded_us(one) <= known_us]
        return max(known, key=lambda one: one.version).name if known else None

    def _versions_of(self, territory_id: str) -> list[Territory]:
        return self._by_id.get(territory_id, [])

    @cached_property
    def _by_id(self) -> dict[str, list[Territory]]:
        found: dict[str, list[Territory]] = {}
        for territory in self._territories.values():
            found.setdefault(territory.territory_id, []).append(territory)
        return found

    def size_m2(self, version: TerritoryVersion) -> float:
        """The area of a territory's version in square metres."""
        if version not in self._sizes:
            self._sizes[version] = size_of_m2(self._territories[version])
        return self._sizes[version]


def _counts(territory: Territory, at_us: int, known_us: int) -> bool:
    begun = instant(territory.valid_from, absent=BEFORE_EVERYTHING) <= at_us
    return begun and recorded_us(territory) <= known_us


def _digest(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def _polygons(geometry: shapely.Geometry) -> MultiPolygon:
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon)]
    return MultiPolygon([part for part in parts if not part.is_empty])


def on_wgs84(lon: float, lat: float, crs: Crs) -> tuple[float, float]:
    """A point on WGS-84; one of an unknown system is taken as it stands."""
    if crs in ("wgs84", "unknown"):
        return lon, lat
    to_lon, to_lat = wgs84_columns([lon], [lat], [crs])
    return float(to_lon[0]), float(to_lat[0])


def wgs84_columns(
    lon: Sequence[float], lat: Sequence[float], crs: Sequence[Crs]
) -> tuple[Floats, Floats]:
    """The same for many points, each out of its own system."""
    known = np.array(["wgs84" if name == "unknown" else name for name in crs], dtype=object)
    return normal_columns(np.array(lon, dtype=float), np.array(lat, dtype=float), known)
