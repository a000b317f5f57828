"""US counties for measurements: as us-atlas has them, and with many more vertices."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

ATLAS = Path(__file__).parent.parent / "simulator" / "boundaries" / "counties-10m.json"
_ELSEWHERE = ("02", "15", "60", "66", "69", "72", "78")


def counties(doublings: int = 0) -> list[MultiPolygon]:
    """The counties of the 48 states (some 3,108); each doubling halves every edge and bends it.

    Borders stay shared: the arcs are bent before rings are put together.
    """
    topology = json.loads(ATLAS.read_text())
    scale, move = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    rng = np.random.default_rng(1)
    arcs = [
        _rugged(np.cumsum(np.array(arc), axis=0) * scale + move, doublings, rng)
        for arc in topology["arcs"]
    ]
    shapes = [
        _shape(geometry, arcs)
        for geometry in topology["objects"]["counties"]["geometries"]
        if geometry["id"][:2] not in _ELSEWHERE
    ]
    return [shape for shape in shapes if not shape.is_empty]


def points_in(shapes: list[MultiPolygon], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points spread evenly over the shapes' land (degrees)."""
    rng = np.random.default_rng(2)
    tree = shapely.STRtree(shapes)
    lon, lat = rng.uniform(-124.7, -67, 2 * count), rng.uniform(24.5, 49.3, 2 * count)
    found = np.unique(tree.query(shapely.points(lon, lat), predicate="within")[0])[:count]
    return lon[found], lat[found]


def _rugged(arc: np.ndarray, doublings: int, rng: np.random.Generator) -> np.ndarray:
    for _ in range(doublings):
        step = np.diff(arc, axis=0)
        across = np.column_stack([-step[:, 1], step[:, 0]])
        middle = arc[:-1] + step / 2 + across * rng.normal(0, 0.04, (len(step), 1))
        longer = np.empty((len(arc) + len(middle), 2))
        longer[::2], longer[1::2] = arc, middle
        arc = longer
    return arc


def _shape(geometry: dict[str, Any], arcs: list[np.ndarray]) -> MultiPolygon:
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    parts = []
    for rings in polygons:
        made = [np.concatenate([_arc(arcs, n)[:-1] for n in ring]) for ring in rings]
        if len(made[0]) > 2:
            part = Polygon(made[0], [ring for ring in made[1:] if len(ring) > 2])
            parts += [p for p in shapely.get_parts(_valid(part)) if p.geom_type == "Polygon"]
    return MultiPolygon(parts)


def _arc(arcs: list[np.ndarray], number: int) -> np.ndarray:
    return arcs[number] if number >= 0 else arcs[~number][::-1]


def _valid(polygon: Polygon) -> Polygon | MultiPolygon:
    if shapely.is_valid(polygon):
        return polygon
    return shapely.make_valid(polygon, method="structure", keep_collapsed=False)
