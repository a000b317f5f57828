"""From polygons to edges: interior on the left, long edges cut, antimeridian cuts marked."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, Ints, spread

MAX_EDGE_DEG = 0.5
"""Longer edges are cut on their own line, so that each is nearly straight on the ground, too."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges a -> b in degrees. ``run`` numbers stretches of edges that follow one another;
    ``border`` is false for cuts at the antimeridian and edges that lie on a pole.
    """

    lon_a: Floats
    lat_a: Floats
    lon_b: Floats
    lat_b: Floats
    run: Ints
    border: Bools


def area_edges(area: MultiPolygon) -> Edges:
    """All edges of the area's rings, shells counter-clockwise and holes clockwise."""
    rings = shapely.get_rings(list(shapely.orient_polygons(area).geoms))
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    follows = ring[1:] == ring[:-1]
    a, b, ring = coords[:-1][follows], coords[1:][follows], ring[1:][follows]
    moves = (a != b).any(axis=1)
    a, b, ring = a[moves], b[moves], ring[moves]
    a, b, ring = _cut_long(a, b, ring)
    a, b, ring = _cut_at_each_other(a, b, ring)
    border = ~(_antimeridian_cuts(a, b) | ((np.abs(a) == 90) & (a == b))[:, 1])
    run = np.zeros(len(ring), dtype=np.int64)
    run[1:] = np.cumsum((ring[1:] != ring[:-1]) | (border[1:] != border[:-1]))
    lon_a, lat_a = np.ascontiguousarray(a.T)
    lon_b, lat_b = np.ascontiguousarray(b.T)
    return Edges(lon_a, lat_a, lon_b, lat_b, run, border)


def _cut_long(a: Floats, b: Floats, ring: Ints) -> tuple[Floats, Floats, Ints]:
    span = np.abs(b - a).max(axis=1, initial=0.0)
    count = np.maximum(np.ceil(span / MAX_EDGE_DEG), 1).astype(np.int64)
    if (count == 1).all():
        return a, b, ring
    edge, step = spread(np.zeros(len(a), dtype=np.int64), count)
    # Counted from the southern (then western) end, neighbours cut a shared edge at equal points.
    flip = (a[:, 1] > b[:, 1]) | ((a[:, 1] == b[:, 1]) & (a[:, 0] > b[:, 0]))
    low, high = np.where(flip[:, None], b, a), np.where(flip[:, None], a, b)
    place = np.where(flip[edge], count[edge] - step, step)
    onward = np.where(flip[edge], -1, 1)
    return (
        _between(low[edge], high[edge], place, count[edge]),
        _between(low[edge], high[edge], place + onward, count[edge]),
        ring[edge],
    )


def _between(low: Floats, high: Floats, place: Ints, count: Ints) -> Floats:
    t = (place / count)[:, None]
    return np.where(t == 1, high, low + t * (high - low))


def _on_meridian(a: Floats, b: Floats, lon: float) -> Bools:
    on: Bools = (a[:, 0] == lon) & (b[:, 0] == lon)
    return on


def _cut_at_each_other(a: Floats, b: Floats, ring: Ints) -> tuple[Floats, Floats, Ints]:
    """Cut edges on longitude 180 where those on -180 end, and the other way round."""
    on = _on_meridian(a, b, 180.0) | _on_meridian(a, b, -180.0)
    if not (_on_meridian(a, b, 180.0).any() and _on_meridian(a, b, -180.0).any()):
        return a, b, ring
    stops = np.unique(np.concatenate([a[on, 1], b[on, 1]]))
    low = np.searchsorted(stops, np.minimum(a[:, 1], b[:, 1]))
    high = np.searchsorted(stops, np.maximum(a[:, 1], b[:, 1]))
    count = np.where(on, high - low, 1)
    edge, step = spread(np.zeros(len(a), dtype=np.int64), count)
    new_a, new_b = a[edge], b[edge]
    cut = on[edge]
    up = (b[:, 1] > a[:, 1])[edge]
    place = np.where(up, low[edge] + step, high[edge] - step)
    new_a[cut, 1] = stops[place[cut]]
    new_b[cut, 1] = stops[np.where(up, place + 1, place - 1)[cut]]
    return new_a, new_b, ring[edge]


def _antimeridian_cuts(a: Floats, b: Floats) -> Bools:
    """Which edges lie on the antimeridian with the same area on the other side of it."""
    east, west = _on_meridian(a, b, 180.0), _on_meridian(a, b, -180.0)
    if not (east.any() and west.any()):
        return np.zeros(len(a), dtype=bool)
    south = np.minimum(a[:, 1], b[:, 1])
    both = np.intersect1d(south[east], south[west])
    return (east | west) & np.isin(south, both)
