"""What a coordinate may be: finite, within range, and not 0, 0 where a fix is claimed."""

import numpy as np

from geo.arrays import FloatsLike, floats
from geo.errors import GeoError


def check_points(lon: FloatsLike, lat: FloatsLike, *, null_island: bool = True) -> None:
    """Refuse what cannot be a place; ``null_island=False`` lets exactly 0, 0 pass.

    Raises:
        GeoError: ``coordinate-not-finite``, ``coordinates-swapped`` (a latitude beyond 90 that
            would do as a longitude), ``coordinate-out-of-range`` or ``null-island``.
    """
    x, y = floats(lon), floats(lat)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        field = "lat" if np.isfinite(x).all() else "lon"
        raise GeoError("a coordinate is a finite number", field=field, type="coordinate-not-finite")
    if (np.abs(y) > 90).any():
        where = int(np.argmax(np.abs(y) > 90))
        if abs(y[where]) <= 180 and abs(x[where]) <= 90:
            raise GeoError(
                f"lon {x[where]:g}, lat {y[where]:g} look swapped: a latitude is at most 90",
                field="lat",
                type="coordinates-swapped",
            )
        raise GeoError(
            f"latitude {y[where]:g} is beyond 90", field="lat", type="coordinate-out-of-range"
        )
    if (np.abs(x) > 180).any():
        where = int(np.argmax(np.abs(x) > 180))
        raise GeoError(
            f"longitude {x[where]:g} is beyond 180", field="lon", type="coordinate-out-of-range"
        )
    if null_island and ((x == 0) & (y == 0)).any():
        raise GeoError(
            "0, 0 is what devices send that know no place", field="lon", type="null-island"
        )
