"""The nearest point of a border: edges straight in lon/lat, distance along the geodesic.

On the flat map around the point (geo/ellipsoid.py) an edge is nearly straight; a parabola through
three of its points gives the foot, and once more on a hundredth of the edge around it. The
distance is then the exact geodesic to that foot, so an error of the foot counts only squared.
Beyond 1,000 km geodesics alone are used.
"""

import numpy as np

from geo.arrays import Bools, Floats, Ints
from geo.ellipsoid import DEGREE_M, SEMI_MAJOR_M, Frames, ecef
from geo.geodesic import distance_m

_FAR_M = 1_000_000.0
Ends = tuple[Floats, Floats, Floats, Floats]


def border_distance(lon: Floats, lat: Floats, frames: Frames, row: Ints, ends: Ends) -> Floats:
    """Metres from each point to the nearest of its edges (degrees); infinite where it has none.

    ``row`` says to which point an edge (lon_a, lat_a, lon_b, lat_b) is to be held.
    """
    best = np.full(len(lon), np.inf)
    chord = _chord(frames, row, (ends[0] + ends[2]) / 2, (ends[1] + ends[3]) / 2)
    least = np.full(len(lon), np.inf)
    np.minimum.at(least, row, chord)
    # An edge is nowhere nearer than its middle less half of it, nor is the nearest one farther than
    # any middle; and the Earth is no flatter than that between chord and geodesic.
    half = (DEGREE_M * 0.51) * np.hypot(ends[2] - ends[0], ends[3] - ends[1])
    far = least[row] > _FAR_M
    likely = far | (chord - half <= least[row] * 1.002 + 1.0)
    row, chord, far, ends = row[likely], chord[likely], far[likely], _chosen(ends, likely)
    if far.any():
        close = far & (chord <= least[row] * 1.01 + _FAR_M / 10)
        _far(best, lon, lat, row[close], _chosen(ends, close))
    if not far.all():
        _near(best, lon, lat, frames, row[~far], _chosen(ends, ~far))
    return best


def _chord(frames: Frames, row: Ints, lon: Floats, lat: Floats) -> Floats:
    """Straight through the Earth, in metres."""
    x, y, z = ecef(lon, lat)
    squares = (x - frames.x[row]) ** 2 + (y - frames.y[row]) ** 2 + (z - frames.z[row]) ** 2
    chord: Floats = np.sqrt(squares)
    return chord


def _chosen(ends: Ends, which: Bools) -> Ends:
    return ends[0][which], ends[1][which], ends[2][which], ends[3][which]


def _far(best: Floats, lon: Floats, lat: Floats, row: Ints, ends: Ends) -> None:
    """From far away the flat map is no guide: exact geodesics to both ends, the middle and the
    lowest point of the parabola through these.
    """
    x, y = lon[row], lat[row]
    at_a, middle, at_b = (
        distance_m(x, y, *_along(ends, np.full(len(row), t))) for t in (0.0, 0.5, 1.0)
    )
    bend = 2 * (at_a + at_b - 2 * middle)
    slope = at_b - at_a - bend
    t = np.clip(-slope / np.where(bend > 0, 2 * bend, 1.0), 0.0, 1.0)
    lowest = distance_m(x, y, *_along(ends, t))
    for found in (at_a, middle, at_b, lowest):
        np.minimum.at(best, row, found)


def _near(best: Floats, lon: Floats, lat: Floats, frames: Frames, row: Ints, ends: Ends) -> None:
    rough, slack = _rough(frames, row, ends)
    least = np.full(len(lon), np.inf)
    np.minimum.at(least, row, rough + slack)
    keep = rough - slack <= least[row] * (1 + 1e-4) + 1e-6
    row, ends = row[keep], _chosen(ends, keep)
    low, high = np.zeros(len(row)), np.ones(len(row))
    for _ in range(3):
        foot = _foot(frames, row, ends, low, high)
        width = (high - low) * 0.01
        low, high = np.maximum(foot - width, 0.0), np.minimum(foot + width, 1.0)
    at_lon, at_lat = _along(ends, foot)
    # Only what the map cannot tell apart is measured exactly.
    x, y = frames.xy(row, at_lon, at_lat)
    close = np.hypot(x, y)
    least = np.full(len(lon), np.inf)
    np.minimum.at(least, row, close)
    last = close <= least[row] * (1 + 1e-4) + 1e-6
    row, at_lon, at_lat = row[last], at_lon[last], at_lat[last]
    np.minimum.at(best, row, distance_m(lon[row], lat[row], at_lon, at_lat))


def _along(ends: Ends, t: Floats) -> tuple[Floats, Floats]:
    lon_a, lat_a, lon_b, lat_b = ends
    whole = t == 1
    return (
        np.where(whole, lon_b, lon_a + t * (lon_b - lon_a)),
        np.where(whole, lat_b, lat_a + t * (lat_b - lat_a)),
    )


def _rough(frames: Frames, row: Ints, ends: Ends) -> tuple[Floats, Floats]:
    """Distance to the chord on the map, and by how much the curved edge may differ from it."""
    ax, ay = frames.xy(row, ends[0], ends[1])
    bx, by = frames.xy(row, ends[2], ends[3])
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    t = np.clip(-(ax * dx + ay * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    distance = np.hypot(ax + t * dx, ay + t * dy)
    steep = np.tan(np.radians(np.minimum(np.maximum(np.abs(ends[1]), np.abs(ends[3])), 89.9)))
    span = DEGREE_M * 1.02 * np.hypot(ends[2] - ends[0], ends[3] - ends[1])
    # The second term: far from its origin the map bends and narrows whatever lies across.
    bulge = span * span / (8 * SEMI_MAJOR_M) * (1 + steep)
    bulge += square * distance / SEMI_MAJOR_M**2
    return distance, np.minimum(bulge, span + np.sqrt(square))


def _foot(frames: Frames, row: Ints, ends: Ends, low: Floats, high: Floats) -> Floats:
    """Parameter of the point nearest to the origin, of the parabola over ``low`` .. ``high``."""
    ax, ay = frames.xy(row, *_along(ends, low))
    mx, my = frames.xy(row, *_along(ends, (low + high) / 2))
    bx, by = frames.xy(row, *_along(ends, high))
    dx, dy = bx - ax, by - ay
    qx, qy = 4 * (mx - (ax + bx) / 2), 4 * (my - (ay + by) / 2)
    square = dx * dx + dy * dy
    u = np.clip(-(ax * dx + ay * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    for _ in range(5):
        x, y = ax + u * dx + u * (1 - u) * qx, ay + u * dy + u * (1 - u) * qy
        vx, vy = dx + (1 - 2 * u) * qx, dy + (1 - 2 * u) * qy
        slope = x * vx + y * vy
        speed = vx * vx + vy * vy
        bend = speed - 2 * (x * qx + y * qy)
        bend = np.where(bend > 0.1 * speed, bend, np.where(speed > 0, speed, 1.0))
        u = np.clip(u - slope / bend, 0.0, 1.0)
    return low + u * (high - low)
