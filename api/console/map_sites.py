"""Outlets and warehouses for a map: where goods are sold and kept near what was seen."""

from collections.abc import Sequence
from typing import Any, Protocol

import shapely

from api.console.lines import dealer_name
from registry.book import Registry

MOST_SITES = 200


class Seen(Protocol):
    """A place on WGS-84 at which something was seen."""

    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...


def sites_within(
    registry: Registry,
    frame: tuple[float, float, float, float],
    seen: Sequence[Seen],
    known_us: int,
) -> list[dict[str, Any]]:
    """``gln``, ``role``, ``dealer`` (its name or null), ``lon`` and ``lat`` of the sites in a frame
    (west, south, east, north); where there are too many, those nearest to what was seen."""
    west, south, east, north = frame
    glns = dict.fromkeys(row.site_gln for row in registry.rows.sites)
    known = (site for gln in glns if (site := registry.site(gln, known_us)) is not None)
    inside = [one for one in known if west <= one.lon <= east and south <= one.lat <= north]
    if len(inside) > MOST_SITES and seen:
        places = shapely.MultiPoint([(one.lon, one.lat) for one in seen])
        spots = shapely.points([one.lon for one in inside], [one.lat for one in inside])
        order = shapely.distance(spots, places).argsort(kind="stable")
        inside = [inside[int(index)] for index in order]
    return [
        {
            "gln": one.site_gln,
            "role": one.role,
            "dealer": dealer_name(registry, one.dealer_id, known_us),
            "lon": one.lon,
            "lat": one.lat,
        }
        for one in inside[:MOST_SITES]
    ]
