"""Strategies for shapes and fixes, and a dense walk along a border."""

import math
from itertools import pairwise

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon


@st.composite
def stars(draw: st.DrawFn, *, lat: tuple[float, float] = (-70, 70)) -> Polygon:
    """A star-shaped polygon of 3 to 12 corners, 1 to 300 km across."""
    lon0, lat0 = draw(st.floats(-170, 170)), draw(st.floats(*lat))
    size = draw(st.floats(0.01, 1.5))
    corners = draw(st.integers(3, 12))
    reach = [draw(st.floats(0.2, 1.0)) for _ in range(corners)]
    points = [
        (
            lon0 + size * r * math.cos(2 * math.pi * k / corners),
            lat0 + size * r * math.sin(2 * math.pi * k / corners),
        )
        for k, r in enumerate(reach)
    ]
    return Polygon(points)


@st.composite
def fixes_near(draw: st.DrawFn, shape: Polygon) -> tuple[float, float]:
    """A point in and around the shape."""
    west, south, east, north = shape.bounds
    dx, dy = (east - west) * 0.3, (north - south) * 0.3
    return draw(st.floats(west - dx, east + dx)), draw(st.floats(south - dy, north + dy))


def walk(shape: Polygon | MultiPolygon, steps: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Points along all borders, ``steps`` to an edge, straight in lon/lat."""
    t = np.linspace(0, 1, steps)
    xs, ys = [], []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        points = shapely.get_coordinates(ring)
        for a, b in pairwise(points):
            xs.append(a[0] + t * (b[0] - a[0]))
            ys.append(a[1] + t * (b[1] - a[1]))
    return np.concatenate(xs), np.concatenate(ys)
