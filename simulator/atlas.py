"""Real borders: states and counties of the United States, from us-atlas (TopoJSON, ISC)."""

import functools
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from geo.errors import GeoError
from geo.topojson import features
from simulator.errors import SimulationError

FOLDER = Path(__file__).parent / "boundaries"

OUTSIDE_THE_MAINLAND = {"02", "11", "15", "60", "66", "69", "72", "78"}
"""FIPS codes left out: Alaska, Hawaii, the islands, and the District of Columbia."""


@dataclass(frozen=True)
class Region:
    """A state or county: its territory id (``US-56`` or ``US-56-045``) and its border."""

    territory_id: str
    name: str
    state_id: str
    geometry: dict[str, Any] = field(repr=False)
    """GeoJSON."""
    polygon: Any = field(repr=False)
    """The same as a shapely geometry."""


class Atlas:
    """States of the mainland, who borders on whom, and their counties."""

    def __init__(self, topology: dict[str, Any]) -> None:
        self._topology = topology
        states = topology["objects"]["states"]["geometries"]
        self._states = {s["id"]: s for s in states if s["id"] not in OUTSIDE_THE_MAINLAND}

    def neighbours(self) -> dict[str, list[str]]:
        """For each state (by FIPS code) those that share a border arc with it, ascending."""
        owners: dict[int, set[str]] = defaultdict(set)
        for code, shape in self._states.items():
            for index in _arc_indices(shape["arcs"]):
                owners[index].add(code)
        found: dict[str, set[str]] = {code: set() for code in self._states}
        for sharing in owners.values():
            for code in sharing:
                found[code] |= sharing - {code}
        return {code: sorted(others) for code, others in sorted(found.items())}

    def states(self, codes: Sequence[str]) -> list[Region]:
        """These states, in this order."""
        found = {r.state_id: r for r in self._regions("states", set(codes))}
        return [found[f"US-{code}"] for code in codes]

    def counties(self, codes: Sequence[str]) -> dict[str, list[Region]]:
        """The counties of these states, by the state's id, each list by FIPS code."""
        found: dict[str, list[Region]] = {f"US-{code}": [] for code in codes}
        regions = self._regions("counties", set(codes))
        for region in sorted(regions, key=lambda region: region.territory_id):
            found[region.state_id].append(region)
        return found

    def _regions(self, layer: str, codes: set[str]) -> list[Region]:
        shapes = self._topology["objects"][layer]["geometries"]
        wanted = [shape for shape in shapes if str(shape["id"])[:2] in codes]
        topology = self._topology | {"objects": {layer: {"geometries": wanted}}}
        return [_region(feature) for feature in features(topology, layer)["features"]]


def _arc_indices(arcs: Any) -> list[int]:
    """All arcs of a shape, without their direction."""
    if isinstance(arcs, int):
        return [arcs if arcs >= 0 else ~arcs]
    return [index for inner in arcs for index in _arc_indices(inner)]


def _region(feature: dict[str, Any]) -> Region:
    """Coordinates are rounded to about 0.1 m, as recordings write them."""
    fips: str = feature["properties"]["territory_id"]
    polygons = feature["geometry"]["coordinates"]
    shape = shapely.MultiPolygon(
        [(_closed(shell), [_closed(hole) for hole in holes]) for shell, *holes in polygons]
    )
    if not shape.is_valid:
        # Simplification made some twenty borders touch or cross themselves.
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        shape = shapely.set_precision(shape, 1e-6)
    parts = shapely.get_parts(shape)
    shape = parts[0] if len(parts) == 1 else shape
    shapely.prepare(shape)
    territory_id = f"US-{fips}" if len(fips) == 2 else f"US-{fips[:2]}-{fips[2:]}"
    name = feature["properties"]["name"]
    return Region(
        territory_id, name, f"US-{fips[:2]}", json.loads(shapely.to_geojson(shape)), shape
    )


def _closed(ring: list[list[float]]) -> list[tuple[float, float]]:
    """The ring, rounded and closed: Illinois does not close in us-atlas 3.0.1, by one quantum."""
    points = [(round(lon, 6), round(lat, 6)) for lon, lat in ring]
    return points if points[0] == points[-1] else [*points, points[0]]


@functools.cache
def read_atlas(folder: Path = FOLDER) -> Atlas:
    """The borders that ``make install`` laid beside the code.

    Raises:
        SimulationError: they are not there, or not TopoJSON of states and counties.
    """
    path = folder / "counties-10m.json"
    try:
        return Atlas(json.loads(path.read_bytes()))
    except FileNotFoundError:
        raise SimulationError(
            f"the borders {path.name} are missing; `make install` fetches them",
            field="boundaries",
            type="boundaries-missing",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, GeoError) as error:
        raise SimulationError(
            f"{path}: no readable TopoJSON of states and counties: {error!r}",
            field="boundaries",
            type="boundaries-unreadable",
        ) from None
