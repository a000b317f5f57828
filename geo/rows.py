"""Many areas in one index: columns of (area, fix) pairs are answered together.

A call costs far more than a fix, so a batch makes one call and not one an area.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from geo.arrays import Floats, FloatsLike, Ints, floats
from geo.borders import Borders
from geo.gaussian import nudged
from geo.points import check_points
from geo.uncertainty import sigma_m
from geo.verdict import Codes, columns_of, normal_columns, reading_columns

_FLAT = Borders.__annotations__.keys() - {"chunk_start", "area_chunks"}


class Verdicts(NamedTuple):
    """Columns: ``code`` 1 inside, -1 outside, 0 uncertain; ``distance_m`` geodesic and signed as
    ever, NaN where it was not measured or there is no border."""

    code: Codes
    probability_inside: Floats
    distance_m: Floats


def joined(parts: Sequence[Borders]) -> Borders:
    """One index of the areas of all parts, in their order; it costs a copy of the arrays."""
    whole = Borders([])
    if parts:
        for name in _FLAT:
            setattr(whole, name, np.concatenate([getattr(part, name) for part in parts]))
        whole.chunk_start = _laid_end_to_end([part.chunk_start for part in parts])
        whole.area_chunks = _laid_end_to_end([part.area_chunks for part in parts])
    return whole


def _laid_end_to_end(bounds: Sequence[Ints]) -> Ints:
    """Bounds of ranges, each list from 0 to its own end, as bounds in what is joined."""
    starts = np.cumsum([0, *(part[-1] for part in bounds)])
    shifted = [part[:-1] + start for part, start in zip(bounds, starts[:-1], strict=True)]
    return np.concatenate([*shifted, starts[-1:]])


def judge_rows(
    borders: Borders,
    area: npt.ArrayLike,
    lon: FloatsLike,
    lat: FloatsLike,
    *,
    accuracy_m: FloatsLike,
    level: FloatsLike,
    source: Sequence[str],
    crs: Sequence[str],
    measured: Literal["outside", "all"] = "outside",
) -> Verdicts:
    """Verdicts on fixes, each against the area of its row; otherwise as ``verdict.judge_columns``.

    ``measured`` says of which fixes the distance is wanted: it costs more than the verdict.

    Raises:
        GeoError: anything of any fix cannot be used; nothing is judged then.
    """
    x, y, area = floats(lon), floats(lat), np.asarray(area, dtype=np.int64)
    check_points(x, y)
    size = len(x)
    sigma = np.broadcast_to(sigma_m(accuracy_m, level), x.shape)
    first, second = reading_columns(list(crs))
    doubt = np.flatnonzero(first != second)
    # What has two readings is asked twice, the second time behind all others.
    row = np.concatenate([np.arange(size), doubt])
    at = normal_columns(x[row], y[row], np.concatenate([first, second[doubt]]))
    near = nudged(*at, sigma[row])
    inside = borders.contains(area[row], *near)
    share = borders.probability(area[row], *near, sigma[row], inside)
    code = columns_of(share, np.array([name == "ip" for name in source], dtype=bool)[row])
    shown = np.arange(size)
    nearer = np.abs(share[size:] - 0.5) < np.abs(share[doubt] - 0.5)
    shown[doubt[nearer]] = size + np.flatnonzero(nearer)
    agreed = code[:size].copy()
    agreed[doubt] *= code[doubt] == code[size:]
    away = np.full(size, np.nan)
    out = np.arange(size) if measured == "all" else np.flatnonzero(agreed == -1)
    if len(out):
        seen = shown[out]
        found = borders.distance(area[out], at[0][seen], at[1][seen])
        found[~np.isfinite(found)] = np.nan
        away[out] = np.where(inside[seen], -found, found)
    return Verdicts(agreed, share[shown], away)
