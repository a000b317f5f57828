"""Real borders: states and counties of the United States, from us-atlas (TopoJSON, ISC)."""

import functools
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

from simulator.errors import SimulationError

FOLDER = Path(__file__).parent / "boundaries"

CLOSED_RING = 4
"""Points of the smallest ring, the first one repeated at the end (RFC 7946, 3.1.6)."""

OUTSIDE_THE_MAINLAND = {"02", "11", "15", "60", "66", "69", "72", "78"}
"""FIPS codes left out: Alaska, Hawaii, the islands, and the District of Columbia."""


@dataclass(frozen=True)
class Region:
    """A state or county: its territory id (``US-56`` or ``US-56-045``) and its border."""

    territory_id: str
    name: str
    state_id: str
    geometry: dict[str, Any] = field(repr=False)
    polygon: Any = field(repr=False)
    """The same as a shapely geometry."""


class Topology:
    """A TopoJSON document: arcs shared by neighbours, decoded once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.objects: dict[str, Any] = document["objects"]
        scale, shift = document["transform"]["scale"], document["transform"]["translate"]
        self._arcs = [_decoded(arc, scale, shift) for arc in document["arcs"]]

    def geometry(self, shape: dict[str, Any]) -> dict[str, Any]:
        """The shape as GeoJSON."""
        if shape["type"] == "Polygon":
            return {"type": "Polygon", "coordinates": self._rings(shape["arcs"])}
        polygons = [rings for arcs in shape["arcs"] if (rings := self._rings(arcs))]
        return {"type": "MultiPolygon", "coordinates": polygons}

    def _rings(self, arcs: list[list[int]]) -> list[list[list[float]]]:
        """A polygon's rings; islets that the atlas's simplification folded flat are left out."""
        return [ring for indices in arcs if len(ring := self._ring(indices)) >= CLOSED_RING]

    def _ring(self, indices: list[int]) -> list[list[float]]:
        """Arcs one after the other; ``~i`` is arc ``i`` backwards; the joint stands once.

        Illinois does not close in us-atlas 3.0.1, by one quantum: it is closed here.
        """
        ring: list[list[float]] = []
        for index in indices:
            arc = self._arcs[index] if index >= 0 else self._arcs[~index][::-1]
            ring.extend(arc[1:] if ring else arc)
        return ring if ring[0] == ring[-1] else [*ring, ring[0]]


def _decoded(arc: list[list[int]], scale: list[float], shift: list[float]) -> list[list[float]]:
    """Quantised steps as degrees, rounded to about 0.1 m as recordings write them."""
    points, x, y = [], 0, 0
    for step_x, step_y in arc:
        x, y = x + step_x, y + step_y
        points.append([round(x * scale[0] + shift[0], 6), round(y * scale[1] + shift[1], 6)])
    return points


class Atlas:
    """States of the mainland, who borders on whom, and their counties."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        states = topology.objects["states"]["geometries"]
        self._states = {s["id"]: s for s in states if s["id"] not in OUTSIDE_THE_MAINLAND}
        self._counties: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for county in sorted(
            topology.objects["counties"]["geometries"], key=lambda c: str(c["id"])
        ):
            self._counties[county["id"][:2]].append(county)

    def state_codes(self) -> list[str]:
        """FIPS codes of the mainland's states, ascending."""
        return sorted(self._states)

    def neighbours(self) -> dict[str, list[str]]:
        """For each state those that share a border arc with it, ascending."""
        owners: dict[int, set[str]] = defaultdict(set)
        for code, shape in self._states.items():
            for index in _arc_indices(shape["arcs"]):
                owners[index].add(code)
        found: dict[str, set[str]] = {code: set() for code in self._states}
        for sharing in owners.values():
            for code in sharing:
                found[code] |= sharing - {code}
        return {code: sorted(others) for code, others in found.items()}

    def state(self, code: str) -> Region:
        """A state by its FIPS code."""
        return self._region(self._states[code], f"US-{code}", code)

    def counties(self, code: str) -> list[Region]:
        """A state's counties, by FIPS code."""
        return [
            self._region(shape, f"US-{code}-{shape['id'][2:]}", code)
            for shape in self._counties[code]
            if self._topology.geometry(shape)["coordinates"]
        ]

    def _region(self, shape: dict[str, Any], territory_id: str, code: str) -> Region:
        geometry = self._topology.geometry(shape)
        polygon = shapely.from_geojson(json.dumps(geometry))
        if not polygon.is_valid:
            polygon = _untangled(polygon)
            geometry = json.loads(shapely.to_geojson(polygon))
        shapely.prepare(polygon)
        return Region(territory_id, shape["properties"]["name"], f"US-{code}", geometry, polygon)


def _untangled(polygon: Any) -> Any:
    """The area of a border that simplification made cross itself (some 20 of them do)."""
    whole = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    return shapely.set_precision(whole, 1e-6)


def _arc_indices(arcs: Any) -> list[int]:
    """All arcs of a shape, without their direction."""
    if isinstance(arcs, int):
        return [arcs if arcs >= 0 else ~arcs]
    return [index for inner in arcs for index in _arc_indices(inner)]


@functools.cache
def read_atlas(folder: Path = FOLDER) -> Atlas:
    """The borders that ``make install`` laid beside the code.

    Raises:
        SimulationError: they are not there, or not TopoJSON.
    """
    path = folder / "counties-10m.json"
    try:
        return Atlas(Topology(json.loads(path.read_bytes())))
    except FileNotFoundError:
        raise SimulationError(
            f"the borders {path.name} are missing; `make install` fetches them",
            field="boundaries",
            type="boundaries-missing",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SimulationError(
            f"{path}: no readable TopoJSON of states and counties: {error!r}",
            field="boundaries",
            type="boundaries-unreadable",
        ) from None
