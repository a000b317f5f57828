"""Destinations as cells of about 40 km, on four grids that are shifted against each other.

A town on the edge of a cell lies well inside one of another grid, so no flow is lost by being cut.
Cells know nothing of borders: the smallest territories differ a hundredfold in size.
"""

import math
from typing import NamedTuple

CELL_DEGREES = 0.4
SHIFTS = ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5))
FINE_DEGREES = 0.2


class Cell(NamedTuple):
    """A cell of one of the grids."""

    grid: int
    row: int
    column: int


def cell(lon: float, lat: float, grid: int) -> Cell:
    """The cell of a grid that holds the point (degrees)."""
    east, north = SHIFTS[grid]
    row = math.floor(lat / CELL_DEGREES + north)
    return Cell(grid, row, math.floor((lon + 180.0) / _width(row, grid) + east))


def cells(lon: float, lat: float) -> list[Cell]:
    """The cell of each grid that holds the point."""
    return [cell(lon, lat, grid) for grid in range(len(SHIFTS))]


def centre(of: Cell) -> tuple[float, float]:
    """Longitude and latitude of a cell's centre."""
    east, north = SHIFTS[of.grid]
    lat = (of.row + 0.5 - north) * CELL_DEGREES
    return (of.column + 0.5 - east) * _width(of.row, of.grid) - 180.0, lat


def _width(row: int, grid: int) -> float:
    """Degrees of longitude, so that cells are about as wide as high."""
    lat = (row + 0.5 - SHIFTS[grid][1]) * CELL_DEGREES
    return CELL_DEGREES / max(math.cos(math.radians(lat)), 0.05)


def fine(lon: float, lat: float) -> tuple[int, int]:
    """A square of a fifth of a degree, in which a dealer's own sales are counted."""
    return math.floor(lon / FINE_DEGREES), math.floor(lat / FINE_DEGREES)
