"""How sure a fix is: from the radius and level that its source declares to a sigma in metres."""

import numpy as np

from geo.arrays import Floats, FloatsLike, floats
from geo.errors import GeoError

LEVELS = (0.68, 0.95)
MAX_ACCURACY_M = 20_100_000.0
"""Half way around the Earth: a larger radius says nothing more."""


def sigma_m(accuracy_m: FloatsLike, level: FloatsLike) -> Floats:
    """Sigma on each axis of the isotropic Gaussian whose disc of ``accuracy_m`` holds ``level``.

    sigma = accuracy / sqrt(-2 ln(1 - level)), since 1 - exp(-r^2 / 2 sigma^2) is the share within
    r (INTERFACES.md, 'geo').

    Raises:
        GeoError: ``accuracy-invalid`` (NaN, negative, beyond half the Earth's girth) or
            ``level-invalid`` (neither 0.68 nor 0.95).
    """
    radius, share = floats(accuracy_m), floats(level)
    if not bool(((radius >= 0) & (radius <= MAX_ACCURACY_M)).all()):
        raise GeoError(
            f"an accuracy is a number of metres from 0 to {MAX_ACCURACY_M:.0f}",
            field="accuracy_m",
            type="accuracy-invalid",
        )
    if not bool(np.isin(share, LEVELS).all()):
        raise GeoError("a level is 0.68 or 0.95", field="level", type="level-invalid")
    sigma: Floats = radius / np.sqrt(-2 * np.log(1 - share))
    return sigma
