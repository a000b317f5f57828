"""A map without tiles: places and territories put on a plane, for SVG and PDF alike.

The plane is an equirectangular projection around the middle latitude, which is true enough over a
few hundred kilometres to show what lies where.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.report import Map

METRES_PER_DEGREE = 111_320.0
MARGIN = 0.18
LEAST_SPAN_DEG = 0.4
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of the world that is drawn, and how large; y grows downwards."""

    west: float
    north: float
    scale: float
    squeeze: float
    width: float
    height: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place lies on the drawing."""
        return (lon - self.west) * self.scale * self.squeeze, (self.north - lat) * self.scale

    def length(self, metres: float) -> float:
        """A distance on the drawing."""
        return metres / METRES_PER_DEGREE * self.scale

    def bar(self) -> tuple[float, str]:
        """A scale bar of a round length, about a fifth of the width: its length and its words."""
        whole_m = self.width / (self.scale * self.squeeze) * METRES_PER_DEGREE * self.squeeze
        base = 10 ** math.floor(math.log10(whole_m / 5))
        metres = next(base * step for step in (5, 2, 1) if base * step <= whole_m / 5)
        return self.length(metres), f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def frame_of(map: Map, width: float, *, tallest: float) -> Frame | None:
    """The frame around the dots, and the dealer's area where it is not far larger; None where
    there is nothing to draw."""
    dots = [(dot.lon, dot.lat) for dot in map.dots]
    area = [p for s in map.shapes if s.kind == "authorised" for ring in s.rings for p in ring]
    points = dots + area
    if not points:
        return None
    west, east = _span([lon for lon, _ in points])
    south, north = _span([lat for _, lat in points])
    squeeze = max(math.cos(math.radians((south + north) / 2)), 0.05)
    scale = width / ((east - west) * squeeze)
    height = (north - south) * scale
    if height > tallest:
        scale *= tallest / height
        spare = width / (scale * squeeze) - (east - west)
        west, height = west - spare / 2, tallest
    return Frame(west, north, scale, squeeze, width, height)


def _span(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    low, high = min(found), max(found)
    margin = max((high - low) * MARGIN, (LEAST_SPAN_DEG - (high - low)) / 2)
    return low - margin, high + margin
