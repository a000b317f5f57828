"""GeoJSON and TopoJSON in: what is taken, what is repaired, and a name for all that is wrong."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import TracewardenError
from geo.crs import convert
from geo.errors import GeoError
from geo.territories import area_of, latest, parse_territories, read_territories
from geo.topojson import features

SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]


def collection(*rings: list[Any], **properties: Any) -> dict[str, Any]:
    """One territory, ``T``, of the rings."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"territory_id": "T", "name": "Tee", "version": 1, **properties},
                "geometry": {"type": "Polygon", "coordinates": list(rings)},
            }
        ],
    }


def refused(document: object) -> GeoError:
    """The error that the document gives."""
    with pytest.raises(GeoError) as caught:
        parse_territories(document)
    return caught.value


def test_a_territory_has_its_properties_and_size() -> None:
    (found,) = parse_territories(
        collection(SQUARE, version=3, valid_from="2026-01-05T00:00:00+01:00")
    )
    assert (found.territory_id, found.name, found.version) == ("T", "Tee", 3)
    assert found.valid_from is not None
    assert found.valid_from.isoformat() == "2026-01-05T00:00:00+01:00"
    assert found.area_km2 == pytest.approx(12364, rel=0.01)
    assert found.area_change == 0


def test_rings_may_run_in_either_direction() -> None:
    hole = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6], [0.4, 0.4]]
    for shell in (SQUARE, SQUARE[::-1]):
        for inner in (hole, hole[::-1]):
            area = area_of(parse_territories(collection(shell, inner)))
            assert area.contains([0.2, 0.5, 2], [0.2, 0.5, 0.5]).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("ring", "slug"),
    [
        ([[0, 0], [1, 0], [1, math.nan], [0, 1], [0, 0]], "coordinate-not-finite"),
        ([[0, 0], [1, 0], [1, math.inf], [0, 1], [0, 0]], "coordinate-not-finite"),
        ([[31, 121], [32, 121], [32, 122], [31, 121]], "coordinates-swapped"),
        ([[0, 0], [181, 0], [181, 1], [0, 0]], "coordinate-out-of-range"),
        ([[0, 0], [1, 0], [1, -200], [0, 0]], "coordinate-out-of-range"),
        ([[0, 0], [1, 0], [1, 1], [0, 1]], "ring-unclosed"),
        ([[0, 0], [1, 0], [0, 0]], "ring-too-short"),
        ([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]], "polygon-self-crossing"),
        ([[0, 0], [1, 1], [2, 2], [0, 0]], "polygon-empty"),
        ([], "polygon-empty"),
        ([[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]], "antimeridian-uncut"),
        ([[-180, -80], [180, -80], [180, 85], [-180, 85], [-180, -80]], "polygon-enormous"),
        ([[0, 0], ["1", 0], [1, 1], [0, 0]], "geojson-invalid"),
        ([[0, 0], [1], [1, 1], [0, 0]], "geojson-invalid"),
        ([[0, 0], None, [1, 1], [0, 0]], "geojson-invalid"),
    ],
)
def test_each_fault_of_a_ring_has_its_name(ring: list[list[float]], slug: str) -> None:
    error = refused(collection(ring))
    assert error.type == slug
    assert error.field.startswith("features[0].geometry")


def test_a_territory_of_too_many_vertices_is_enormous() -> None:
    ring = [[0.0, 0.0]] * 2_000_001
    assert refused(collection(ring)).type == "polygon-enormous"


def test_nan_in_the_file_is_named_and_broken_json_is_not_json() -> None:
    text = json.dumps(collection([[0, 0], [1, 0], [1, math.nan], [0, 0]]))
    with pytest.raises(GeoError) as caught:
        read_territories(text.encode())
    assert caught.value.type == "coordinate-not-finite"
    for broken in (b"", b"{", b"\xff\xfe", b"[" * 100_000):
        with pytest.raises(GeoError) as caught:
            read_territories(broken)
        assert caught.value.type == "geojson-invalid"


def test_a_small_crossing_is_repaired_and_its_change_told() -> None:
    ring = [[0, 0], [1, 0], [1, 1], [0.5, 1], [0.49, 1.001], [0.495, 0.999], [0, 1], [0, 0]]
    crossing = [*ring[:3], [0.500, 1.0], [0.501, 1.001], [0.501, 0.999], [0.5, 1.0005], *ring[6:]]
    (found,) = parse_territories(collection(crossing))
    assert 0 < found.area_change < 0.01
    assert found.shape.is_valid


def test_a_file_may_declare_its_system() -> None:
    ring = [[116.0, 39.0], [117.0, 39.0], [117.0, 40.0], [116.0, 40.0], [116.0, 39.0]]
    named = {"type": "name", "properties": {"name": "GCJ-02"}}
    for crs in ("gcj02", named):
        (found,) = parse_territories({**collection(ring), "crs": crs})
        lon, lat = convert(116.0, 39.0, source="gcj02", target="wgs84")
        assert found.shape.bounds[0] == pytest.approx(lon[0], abs=3e-3)
        assert area_of([found]).contains(lon + 1e-4, lat + 1e-4)[0]
        assert not area_of([found]).contains(lon - 1e-4, lat - 1e-4)[0]
    for crs84 in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "wgs84"):
        (found,) = parse_territories({**collection(ring), "crs": {"properties": {"name": crs84}}})
        assert found.shape.bounds == (116, 39, 117, 40)
    assert refused({**collection(ring), "crs": "EPSG:3857"}).type == "crs-unknown"


def test_the_highest_version_is_the_latest_and_none_may_stand_twice() -> None:
    one, two = collection(SQUARE, version=1), collection(SQUARE, version=2)
    both = {"type": "FeatureCollection", "features": two["features"] + one["features"]}
    assert latest(parse_territories(both))["T"].version == 2
    both["features"] = both["features"] * 2
    assert refused(both).type == "territory-duplicate"


@pytest.mark.parametrize(
    "properties",
    [{"territory_id": ""}, {"territory_id": 5}, {"version": "1"}, {"version": True}, {"name": 7},
     {"valid_from": "yesterday"}, {"valid_from": "2026-01-01T00:00:00"}],
)  # fmt: skip
def test_wrong_properties_are_refused_by_name(properties: dict[str, Any]) -> None:
    error = refused(collection(SQUARE, **properties))
    assert error.type == "geojson-invalid"
    assert next(iter(properties)) in error.field


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "features", "geometry", "coordinates", "properties", "crs", "arcs"]
            ),
            inner | st.sampled_from(["FeatureCollection", "Feature", "Polygon", "Topology"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(document=_JSON, inner=_JSON)
def test_a_parser_lets_nothing_out_but_its_own_errors(document: object, inner: object) -> None:
    whole = {**collection(SQUARE), "crs": inner}
    whole["features"][0]["geometry"]["coordinates"] = document
    for thing in (document, whole, {"type": "FeatureCollection", "features": [inner]}):
        try:
            parse_territories(thing)
        except TracewardenError:
            pass
        else:
            assert isinstance(thing, dict)


TOPOLOGY = {
    "type": "Topology",
    "transform": {"scale": [0.5, 0.25], "translate": [10, 50]},
    "arcs": [
        [[0, 0], [0, 4]],
        [[0, 4], [-2, 0], [0, -4], [2, 0]],
        [[0, 0], [2, 0], [0, 4], [-2, 0]],
    ],
    "objects": {
        "land": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Polygon", "id": "W", "arcs": [[0, 1]], "properties": {"name": "West"}},
                {"type": "Polygon", "id": "E", "arcs": [[2, -1]]},
                {"type": "Point", "coordinates": [0, 0]},
            ],
        }
    },
}


def test_arcs_make_rings_and_shared_ones_make_shared_borders() -> None:
    west, east = parse_territories(features(TOPOLOGY, "land", id_prefix="X-"))
    assert (west.territory_id, west.name) == ("X-W", "West")
    assert west.shape.bounds == (9, 50, 10, 51)
    assert east.shape.bounds == (10, 50, 11, 51)
    assert area_of([west, east]).distance_m(10.0, 50.5)[0] < -30_000


def test_a_topology_is_taken_like_a_collection_with_its_system() -> None:
    west, east = read_territories(json.dumps(TOPOLOGY).encode())
    assert (west.territory_id, east.territory_id) == ("W", "E")
    transform = {"scale": [0.5, 0.25], "translate": [110, 30]}
    shifted = {**TOPOLOGY, "crs": "gcj02", "transform": transform}
    moved, _ = read_territories(json.dumps(shifted).encode())
    lon, _ = convert(109.0, 30.0, source="gcj02", target="wgs84")
    assert moved.shape.bounds[0] == pytest.approx(lon[0], abs=3e-3)
    assert moved.shape.bounds[0] != 109


def test_how_much_repair_may_change_is_a_setting() -> None:
    bow = [[0.6, 1], [0.4, 1.4], [0.6, 1.4], [0.4, 1]]
    ring = [[0, 0], [1, 0], [1, 1], *bow, [0, 1], [0, 0]]
    assert refused(collection(ring)).type == "polygon-self-crossing"
    (found,) = parse_territories(collection(ring), max_change=0.2)
    assert 0.01 < found.area_change < 0.2


@pytest.mark.parametrize(
    ("member", "value"),
    [("type", "Feature"), ("arcs", [[[0]]]), ("arcs", None), ("transform", {"scale": [1]}),
     ("arcs", [[[0, 0], [0, 4]]]), ("objects", {})],
)  # fmt: skip
def test_what_is_no_topology_is_refused(member: str, value: object) -> None:
    with pytest.raises(GeoError) as caught:
        features({**TOPOLOGY, member: value}, "land")
    assert caught.value.type == "topojson-invalid"


def square(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """A ring."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


@pytest.mark.parametrize(
    ("rings", "slug"),
    [
        ([SQUARE, square(2, 2, 3, 3)], "polygon-self-crossing"),
        ([SQUARE, square(0.5, 0.5, 1.5, 0.8)], "polygon-self-crossing"),
        ([SQUARE, SQUARE], "polygon-empty"),
        ([[[1, 1], [1, 1], [1, 1], [1, 1]]], "polygon-empty"),
        ([square(-180, 0, 180, 90)], "polygon-enormous"),
        ([square(350, 0, 360, 1)], "coordinate-out-of-range"),
        ([[[0, 0], [10**400, 0], [1, 1], [0, 0]]], "geojson-invalid"),
        ([[[0, 0], [True, 0], [1, 1], [0, 0]]], "geojson-invalid"),
    ],
)
def test_rings_that_mean_nothing_together_are_refused(rings: list[Any], slug: str) -> None:
    assert refused(collection(*rings)).type == slug


@pytest.mark.parametrize(
    "ring",
    [
        [[0, 0], [0, 0], [1, 0], [1, 0], [1, 1], [0, 1], [0, 0]],
        [[0, 0], [1, 0], [2, 0], [1, 0], [1, 1], [0, 1], [0, 0]],
        [[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 1, 5], [0, 0, 6]],
    ],
)
def test_points_that_stand_twice_spikes_and_heights_change_nothing(ring: list[Any]) -> None:
    area = area_of(parse_territories(collection(ring)))
    plain = area_of(parse_territories(collection(SQUARE)))
    lon, lat = [0.5, 1.5, 0.999, 1.001], [0.5, 0.0001, 0.5, 0.5]
    assert area.contains(lon, lat).tolist() == [True, False, True, False]
    assert area.distance_m(lon, lat) == pytest.approx(plain.distance_m(lon, lat))


def test_two_territories_on_both_sides_of_the_antimeridian_are_one_area() -> None:
    east, west = collection(square(179, -1, 180, 1)), collection(square(-180, -1, -179, 1))
    found = [*parse_territories(east), *parse_territories(west)]
    both = area_of(found)
    assert both.probability([180.0, -180.0, 179.9999], [0.0, 0.0, 0.0], 500.0).tolist() == [1] * 3
    assert both.distance_m(180.0, 0.0)[0] == pytest.approx(-110_574.4, abs=1)
    alone = area_of(found[:1]).probability(-179.9999, 0.0, 500.0)
    assert 0.4 < alone[0] < 0.5
