"""From polygons to edges: interior on the left, long edges cut, antimeridian cuts marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from geo.arrays import Bools, Floats, Ints, spread

MAX_EDGE_DEG = 0.5
"""Longer edges are cut on their own line, so that each is nearly straight on the ground, too."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges a -> b in degrees, area by area. ``run`` numbers stretches of edges of one area that
    follow one another; ``border`` is false for cuts at the antimeridian and edges that lie on a
    pole; ``area_bounds`` (n + 1) is the range of edges of each area.
    """

    lon_a: Floats
    lat_a: Floats
    lon_b: Floats
    lat_b: Floats
    run: Ints
    border: Bools
    area_bounds: Ints


def edges_of(areas: Sequence[MultiPolygon]) -> Edges:
    """All edges of the areas' rings, shells counter-clockwise and holes clockwise."""
    shapes = np.empty(len(areas), dtype=object)
    shapes[:] = areas
    parts, area = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    coords, ring = shapely.get_coordinates(rings, return_index=True)
    lon, lat = coords[:, 0], coords[:, 1]
    moves = (lon[1:] != lon[:-1]) | (lat[1:] != lat[:-1])
    edge = np.flatnonzero(moves & (ring[1:] == ring[:-1]))
    a, b, ring = coords.take(edge, axis=0), coords.take(edge + 1, axis=0), ring.take(edge)
    a, b, ring = _cut_long(a, b, ring)
    bounds = np.searchsorted(area[part].take(ring), np.arange(len(areas) + 1))
    a, b, ring, bounds, cut = _cut_at_antimeridian(a, b, ring, bounds)
    border = ~(cut | (np.abs(a[:, 1]) == 90) & (a[:, 1] == b[:, 1]))
    run = np.zeros(len(ring), dtype=np.int64)
    run[1:] = np.cumsum((ring[1:] != ring[:-1]) | (border[1:] != border[:-1]))
    lon_a, lat_a = np.ascontiguousarray(a.T)
    lon_b, lat_b = np.ascontiguousarray(b.T)
    return Edges(lon_a, lat_a, lon_b, lat_b, run, border, bounds)


def _cut_at_antimeridian(
    a: Floats, b: Floats, ring: Ints, bounds: Ints
) -> tuple[Floats, Floats, Ints, Ints, Bools]:
    """The edges with those on the antimeridian cut at each other within each area, the areas'
    bounds then, and which edges have the same area on the other side.
    """
    on = _on_meridian(a, b, 180.0) | _on_meridian(a, b, -180.0)
    areas = np.unique(np.searchsorted(bounds, np.flatnonzero(on), side="right") - 1)
    if not len(areas):
        return a, b, ring, bounds, on
    stops = [0, *(int(k) for area in areas for k in bounds[area : area + 2]), len(a)]
    pieces = [(a[i:j], b[i:j], ring[i:j]) for i, j in pairwise(stops)]
    sizes = np.diff(bounds)
    cuts = [np.zeros(len(piece[0]), dtype=bool) for piece in pieces]
    for number, area in enumerate(areas.tolist()):
        piece = _cut_at_each_other(*pieces[2 * number + 1])
        pieces[2 * number + 1], sizes[area] = piece, len(piece[0])
        cuts[2 * number + 1] = _antimeridian_cuts(piece[0], piece[1])
    a, b, ring = (np.concatenate(column) for column in zip(*pieces, strict=True))
    return a, b, ring, np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(cuts)


def _cut_long(a: Floats, b: Floats, ring: Ints) -> tuple[Floats, Floats, Ints]:
    across, along = np.abs(b[:, 0] - a[:, 0]), np.abs(b[:, 1] - a[:, 1])
    count = np.maximum(np.ceil(np.maximum(across, along) / MAX_EDGE_DEG), 1).astype(np.int64)
    if (count == 1).all():
        return a, b, ring
    edge, step = spread(np.zeros(len(a), dtype=np.int64), count)
    new_a, new_b = a.take(edge, axis=0), b.take(edge, axis=0)
    cut = np.flatnonzero(count.take(edge) > 1)
    edge_, step, count = edge[cut], step[cut], count.take(edge[cut])
    a, b = a[edge_], b[edge_]
    # Counted from the southern (then western) end, neighbours cut a shared edge at equal points.
    flip = (a[:, 1] > b[:, 1]) | ((a[:, 1] == b[:, 1]) & (a[:, 0] > b[:, 0]))
    low, high = np.where(flip[:, None], b, a), np.where(flip[:, None], a, b)
    place = np.where(flip, count - step, step)
    new_a[cut] = _between(low, high, place, count)
    new_b[cut] = _between(low, high, place + np.where(flip, -1, 1), count)
    return new_a, new_b, ring.take(edge)


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
