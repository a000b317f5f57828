"""The map of one alert as GeoJSON: where the dealer may sell, territories around, and the points.

All is on WGS-84. Outlines are simplified to what a screen can show.
"""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import shapely
from fastapi import APIRouter
from shapely.geometry import mapping
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.console.alert_page import MOST_SIGNALS, events_of
from api.console.map_sites import sites_within
from api.console.session import user_of
from api.dependencies import Ports
from api.problems import Problem
from api.services import Records, Services
from registry import Registry, Window
from registry.geometry import shape_of
from registry.model import Territory
from registry.places import on_wgs84
from store.alert_views import AlertRow, find_alert, signals_by_id
from store.instants import to_us

router = APIRouter(prefix="/console", include_in_schema=False)

MOST_OUTLINES = 400
MOST_POINTS = 500
_SCREEN = 800
"""Parts of the map's width below which a bend in a border cannot be seen."""
_SMALLEST = 3000
"""Parts of the map's area below which a territory would only be a blot."""
_MARGIN = 0.35
_LEAST_MARGIN_DEG = 0.6


class Point(NamedTuple):
    """A place that an event names, with the radius of its accuracy."""

    lon: float
    lat: float
    accuracy_m: float
    kind: str
    at: str
    event_id: str


@router.get("/alerts/{alert_id}/map.json")
async def read_map(alert_id: str, request: Request, services: Ports) -> Response:
    """``authorised`` (a geometry or null), ``outlines`` (features), ``points``, ``sites``."""
    user = await user_of(request, services)
    if user is None or not user.reads_cases:
        raise Problem(401, "credentials-invalid", "nobody is logged in who may read alerts")
    content = await asyncio.to_thread(map_of, services, alert_id)
    if content is None:
        raise Problem(404, "not-found", "there is no such alert")
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def map_of(services: Services, alert_id: str) -> dict[str, Any] | None:
    """The map's content; None where there is no such alert."""
    row = find_alert(services.engine, alert_id)
    if row is None:
        return None
    return map_of_alerts(services, [row], row.body.get("dealer_id"))


def map_of_alerts(services: Records, rows: list[AlertRow], dealer_id: object) -> dict[str, Any]:
    """The map of what several alerts rest on, with the area of the dealer held responsible."""
    ids = [signal_id for row in rows for signal_id in row.body["signal_ids"][-MOST_SIGNALS:]]
    signals = signals_by_id(services.engine, list(dict.fromkeys(ids))[:MOST_POINTS])
    points = list(_points(events_of(services, signals)))[:MOST_POINTS]
    registry = services.registry()
    known_us = to_us(services.clock())
    area = _authorised(registry, rows, dealer_id, known_us)
    frame = _frame(points, area)
    tolerance = (frame[2] - frame[0]) / _SCREEN
    shapes = [] if frame == _NO_FRAME else _outlines(registry, frame, tolerance)
    return {
        "authorised": None if area is None else mapping(_simple(area, tolerance)),
        "outlines": {"type": "FeatureCollection", "features": shapes},
        "points": [point._asdict() for point in points],
        "sites": [] if frame == _NO_FRAME else sites_within(registry, frame, points, known_us),
    }


def _points(events: Iterable[dict[str, Any]]) -> Iterator[Point]:
    for event in events:
        place = event if event["kind"] == "position" else event.get("location")
        if not isinstance(place, dict):
            continue
        lon, lat = on_wgs84(place["lon"], place["lat"], place.get("crs", "wgs84"))
        at = event.get("scanned_at") or event.get("fixed_at") or ""
        yield Point(lon, lat, place["accuracy_m"], event["kind"], at, event["event_id"])


def _authorised(
    registry: Registry, rows: list[AlertRow], dealer_id: object, known_us: int
) -> shapely.Geometry | None:
    """Where the dealer might sell the products while it happened; without a product, any."""
    if not isinstance(dealer_id, str) or not rows:
        return None
    named = {row.body.get("facts", {}).get("gtin") for row in rows}
    gtins = sorted(gtin for gtin in named if isinstance(gtin, str))
    gtins = gtins or [product.gtin for product in registry.rows.products]
    first_us = min(_us(row.body["first_at"]) for row in rows)
    window = Window(first_us, max(_us(row.body["last_at"]) for row in rows), first_us)
    keys = {registry.authority.where(dealer_id, one, window, known_us) for one in gtins[:50]}
    areas = [registry.places.area(key) for key in keys if key]
    shapes = [area.shape for area in areas if area is not None]
    return shapely.union_all(shapes) if shapes else None


def _us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


_NO_FRAME = (0.0, 0.0, 0.0, 0.0)


def _frame(
    points: list[Point], area: shapely.Geometry | None
) -> tuple[float, float, float, float]:
    """West, south, east, north of what matters, with a margin."""
    boxes = [(point.lon, point.lat, point.lon, point.lat) for point in points]
    if area is not None and not area.is_empty:
        boxes.append(area.bounds)
    if not boxes:
        return _NO_FRAME
    west, south = min(box[0] for box in boxes), min(box[1] for box in boxes)
    east, north = max(box[2] for box in boxes), max(box[3] for box in boxes)
    margin = max(_LEAST_MARGIN_DEG, _MARGIN * max(east - west, north - south))
    return west - margin, south - margin, east + margin, north + margin


def _outlines(
    registry: Registry, frame: tuple[float, float, float, float], tolerance: float
) -> list[dict[str, Any]]:
    """Territories that reach into the frame and can be seen in it, the largest first."""
    view = shapely.box(*frame)
    found = _shapes(registry)
    least = view.area / _SMALLEST
    near = [
        (outline, territory)
        for outline, territory in found
        if outline.area >= least and outline.intersects(view)
    ]
    near.sort(key=lambda pair: -pair[0].area)
    return [
        {
            "type": "Feature",
            "properties": {"name": territory.name, "territory_id": territory.territory_id},
            "geometry": mapping(_simple(outline, tolerance)),
        }
        for outline, territory in near[:MOST_OUTLINES]
    ]


@lru_cache(maxsize=2)
def _shapes(registry: Registry) -> list[tuple[shapely.Geometry, Territory]]:
    """The newest version of every territory, as a shape."""
    newest = {territory.territory_id: territory for territory in registry.rows.territories}
    return [(shape_of(territory), territory) for territory in newest.values()]


def _simple(geometry: shapely.Geometry, tolerance: float) -> shapely.Geometry:
    return shapely.simplify(geometry, max(tolerance, 1e-5), preserve_topology=True)
