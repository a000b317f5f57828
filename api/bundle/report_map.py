"""The map of a report: the dealer's area, territories around, and the places of its events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.bundle.subject import Subject
from api.bundle.timeline import Moment
from api.console.map_data import map_of_alerts
from api.services import Records
from api.wording import Wording
from evidence.report import Dot, Map, Shape
from registry.places import on_wgs84


def map_of_events(
    records: Records, subject: Subject, moments: Sequence[Moment], w: Wording
) -> Map:
    """What the console's map shows, with the places of the events that are opened and no others."""
    drawn = map_of_alerts(records, list(subject.alerts), subject.dealer_id)
    shapes = [
        Shape(list(_rings(feature["geometry"])), "outline", feature["properties"]["name"])
        for feature in drawn["outlines"]["features"]
    ]
    if drawn["authorised"] is not None:
        shapes.append(Shape(list(_rings(drawn["authorised"])), "authorised"))
    dots = [dot for number, one in enumerate(moments, 1) for dot in _dots(one.event, number)]
    legend = (w("map_authorised"), w("map_outlines"), w("map_dots"))
    return Map(shapes, dots, legend, w("map_about") if dots or shapes else w("map_none"))


def _dots(event: Mapping[str, Any] | None, number: int) -> Iterator[Dot]:
    if event is None:
        return
    place = event if event["kind"] == "position" else event.get("location")
    if isinstance(place, dict):
        lon, lat = on_wgs84(place["lon"], place["lat"], place.get("crs", "wgs84"))
        yield Dot(lon, lat, place["accuracy_m"], number)


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[tuple[float, float]]]:
    """Rings of a GeoJSON polygon or of several."""
    kind, coordinates = geometry["type"], geometry.get("coordinates", ())
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    for polygon in polygons:
        for ring in polygon:
            yield [(point[0], point[1]) for point in ring]
    for inner in geometry.get("geometries", ()):
        yield from _rings(inner)
