"""Inside, outside or uncertain: the verdict on a fix, with its probability and distance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from geo.area import Area
from geo.arrays import Bools, Floats, FloatsLike, floats
from geo.crs import convert, readings
from geo.errors import GeoError
from geo.points import check_points
from geo.uncertainty import sigma_m

VerdictWord = Literal["inside", "outside", "uncertain"]
Source = Literal["gnss", "network", "ip", "manual"]
Codes = npt.NDArray[np.int8]
INSIDE_FROM = 0.95
OUTSIDE_UP_TO = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of one fix. ``distance_m`` is signed, negative inside, geodesic."""

    verdict: VerdictWord
    probability_inside: float
    distance_m: float


def word(probability: float, source: str = "gnss") -> VerdictWord:
    """The verdict that a probability gives; of an IP address it is always ``uncertain``."""
    if source == "ip" or not (probability >= INSIDE_FROM or probability <= OUTSIDE_UP_TO):
        return "uncertain"
    return "inside" if probability >= INSIDE_FROM else "outside"


def columns_of(probability: Floats, ip: Bools | bool = False) -> Codes:
    """Verdicts of many probabilities as small numbers: 1 inside, -1 outside, 0 uncertain.

    ``ip`` says which fixes stem from an IP address.
    """
    sure = (probability >= INSIDE_FROM).astype(np.int8) - (probability <= OUTSIDE_UP_TO)
    return sure if ip is False else np.where(ip, np.int8(0), sure)


def judge(
    area: Area,
    lon: float,
    lat: float,
    *,
    accuracy_m: float,
    level: float = 0.68,
    source: str = "gnss",
    crs: str = "wgs84",
) -> Verdict:
    """The verdict on one fix (degrees of ``crs``); the columns below with one row.

    Raises:
        GeoError: anything of the fix cannot be used.
    """
    return judge_columns(
        area, [lon], [lat], accuracy_m=[accuracy_m], level=[level], source=[source], crs=[crs]
    )[0]


def judge_columns(
    area: Area,
    lon: FloatsLike,
    lat: FloatsLike,
    *,
    accuracy_m: FloatsLike,
    level: FloatsLike = 0.68,
    source: Sequence[str] | str = "gnss",
    crs: Sequence[str] | str = "wgs84",
) -> list[Verdict]:
    """Verdicts on many fixes against one area.

    ``unknown`` as ``crs`` is judged as WGS-84 and as GCJ-02 and is ``uncertain`` unless both
    agree; given are the figures of the reading whose probability is nearer to one half.

    Raises:
        GeoError: anything of any fix cannot be used; nothing is judged then.
    """
    x, y = floats(lon), floats(lat)
    check_points(x, y)
    sigma = np.broadcast_to(sigma_m(accuracy_m, level), x.shape)
    sources, systems = _column(source, len(x)), _column(crs, len(x))
    for name in set(sources) - set(get_args(Source)):
        raise GeoError(f"{name!r} is no source of a fix", field="source", type="source-unknown")
    first, second = reading_columns(systems)
    share, away = area.check(*normal_columns(x, y, first), sigma)
    verdicts = [
        Verdict(word(p, s), p, d)
        for p, s, d in zip(share.tolist(), sources, away.tolist(), strict=True)
    ]
    doubt = np.flatnonzero(first != second)
    if len(doubt):
        place = normal_columns(x[doubt], y[doubt], second[doubt])
        share, away = area.check(*place, sigma[doubt])
        for i, p, d in zip(doubt.tolist(), share.tolist(), away.tolist(), strict=True):
            verdicts[i] = reconciled(verdicts[i], Verdict(word(p, sources[i]), p, d))
    return verdicts


def reconciled(one: Verdict, other: Verdict) -> Verdict:
    """The verdict on a fix that has two readings: ``uncertain`` unless they agree."""
    shown = min(one, other, key=lambda v: abs(v.probability_inside - 0.5))
    if one.verdict == other.verdict:
        return shown
    return Verdict("uncertain", shown.probability_inside, shown.distance_m)


def _column(value: Sequence[str] | str, length: int) -> list[str]:
    return [value] * length if isinstance(value, str) else list(value)


def reading_columns(systems: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The system in which each fix is to be judged, and the one besides; mostly the same."""
    known = {name: readings(name) for name in set(systems)}
    return (
        np.array([known[name][0] for name in systems], dtype=object),
        np.array([known[name][-1] for name in systems], dtype=object),
    )


def normal_columns(lon: Floats, lat: Floats, systems: np.ndarray) -> tuple[Floats, Floats]:
    """The points as WGS-84, each out of its own system."""
    to_lon, to_lat = lon.copy(), lat.copy()
    for name in set(systems.tolist()) - {"wgs84"}:
        rows = systems == name
        to_lon[rows], to_lat[rows] = convert(lon[rows], lat[rows], source=name, target="wgs84")
    return to_lon, to_lat
