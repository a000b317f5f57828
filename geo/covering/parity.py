"""Which areas hold a point, told from few edges and one bit for each.

Why a cell's few edges suffice: a point lies in an area if a ray from the west crosses an odd
number of its edges. Let x0 be the cell's western side. Edges wholly west of x0 form chains; each
chain's crossings, modulo 2, depend only on the latitudes v of the western ends of the edges that
cross x0. So with "crosses(e)": the half-open test of geo/borders.py,

    inside = constant + sum over edges not wholly west of x0 of
             [crosses(e)] + [e crosses x0 and v(e) <= lat]     (mod 2),

and all edges that do not touch the cell add a constant over the cell. The constant is had from
one reference point: the cell's south-western corner (geo/covering/corners.py).
"""

import numpy as np
import numpy.typing as npt

from geo.arrays import Bools, Floats


def entry_parity(
    ends: tuple[Floats, Floats, Floats, Floats],
    left: npt.NDArray[np.uint8],
    lon: Floats,
    lat: Floats,
) -> Bools:
    """Whether each entry of a cell turns the answer at its point."""
    low_lon, low_lat, high_lon, high_lat = ends
    rise = np.maximum(high_lat - low_lat, 1e-300)
    at = low_lon + (lat - low_lat) * ((high_lon - low_lon) / rise)
    above_low, above_high = low_lat <= lat, high_lat <= lat
    turned: Bools = (above_low ^ above_high) & (at <= lon) & (left != 3)
    turned ^= (above_low & (left == 1)) | (above_high & (left == 2))
    return turned


def ends_west(ends: tuple[Floats, Floats, Floats, Floats], x: Floats) -> npt.NDArray[np.uint8]:
    """Which ends of each edge lie west of x: 1 the low, 2 the high, 3 both, 0 none."""
    west: npt.NDArray[np.uint8] = (ends[0] < x) + np.uint8(2) * (ends[2] < x)
    return west
