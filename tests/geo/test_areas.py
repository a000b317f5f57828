"""Administrative areas by code: from us-atlas, from files by adcode, and from any other package."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from geo.areas import PACKAGES, Fields, Library, read_library
from geo.crs import convert
from geo.errors import GeoError
from geo.territories import area_of, parse_territories, read_territories
from tests.geo.test_territories import TOPOLOGY

ATLAS = Path(__file__).parents[2] / "simulator" / "boundaries"
PICK: dict[str, Any] = {"prefix": "", "version": 1, "valid_from": None}


@pytest.fixture(scope="module", name="atlas")
def _atlas() -> Library:
    files = [ATLAS / "states-10m.json", ATLAS / "counties-10m.json"]
    return read_library([(f.name, f.read_bytes()) for f in files], PACKAGES["us-atlas"])


def square(x: float, y: float) -> dict[str, Any]:
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def adcode_file(*areas: tuple[object, str, str | None, object, float]) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"adcode": code, "name": name, "level": level,
                           "parent": {"adcode": parent}},
            "geometry": square(x, 30),
        }
        for code, name, level, parent, x in areas
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


CHINA = [
    ("100000.json", adcode_file((100000, "中华人民共和国", "country", None, 110))),
    ("320000.json", adcode_file((320000, "江苏省", "province", 100000, 118))),
    (
        "320100.json",
        adcode_file(
            (320100, "南京市", "city", 320000, 118),
            (320102, "玄武区", "district", 320100, 118),
            (320104, "秦淮区", "district", 320100, 119),
        ),
    ),
    (
        "bare.json",
        adcode_file(
            ("330100", "杭州市", None, None, 120),
            (330106, "西湖区", None, None, 120),
        ),
    ),
]


def test_us_atlas_has_states_and_counties_by_their_fips_codes(atlas: Library) -> None:
    assert len(atlas.listed(level="province")) == 56
    assert len(atlas.listed(level="county")) > 3200
    (found,) = atlas.listed(under="36", name="New York")
    assert found.as_dict() == {
        "code": "36061", "name": "New York", "level": "county", "parent": "36"
    }  # fmt: skip
    assert "US" not in {area.code for area in atlas.listed()}


def test_picked_areas_are_territories(atlas: Library) -> None:
    made = atlas.features(
        ["06", "36061"], prefix="US-", version=3, valid_from="2026-01-01T00:00:00Z"
    )
    state, county = read_territories(json.dumps(made).encode())
    assert (state.territory_id, state.name, state.version) == ("US-06", "California", 3)
    assert area_of([state]).contains(-120.0, 37.0)[0]
    assert area_of([county]).contains(-73.97, 40.78)[0]
    assert county.valid_from is not None


def test_a_region_is_made_of_its_provinces(atlas: Library) -> None:
    made = atlas.united(
        ["53", "41", "06"], territory_id="WEST", name="West Coast", version=1, valid_from=None
    )
    (west,) = parse_territories(json.loads(json.dumps(made)))
    area = area_of([west])
    assert area.contains([-120, -120, -120, -115], [37, 44, 47, 44]).tolist() == [1, 1, 1, 0]
    # The border between Oregon and California is none any more.
    assert area.distance_m(-121.5, 42.0)[0] < -100_000


def test_files_by_adcode_are_read_with_their_levels_and_parents() -> None:
    library = read_library(CHINA, PACKAGES["adcode"], crs="gcj02")
    assert [area.code for area in library.listed()] == [
        "320000", "320100", "320102", "320104", "330100", "330106"
    ]  # fmt: skip
    assert [a.name for a in library.listed(under="320000", level="county")] == ["玄武区", "秦淮区"]
    levels = {a.code: (a.level, a.parent) for a in library.listed()}
    assert levels["320104"] == ("county", "320100")
    assert levels["330100"] == ("city", "330000")
    assert levels["330106"] == ("county", "330100")


def test_territories_keep_the_system_of_their_library() -> None:
    library = read_library(CHINA, PACKAGES["adcode"], crs="gcj02")
    lon, lat = convert(118.5, 30.0, source="gcj02", target="wgs84")
    for made in (
        library.features(["320100"], **PICK),
        library.united(
            ["320102", "320104"], territory_id="T", name="T", version=1, valid_from=None
        ),
    ):
        assert made["crs"] == "gcj02"
        area = area_of(parse_territories(json.loads(json.dumps(made))))
        assert area.contains([lon[0], lon[0]], [lat[0] + 1e-4, lat[0] - 1e-4]).tolist() == [1, 0]


def test_an_area_that_is_not_in_the_files_is_made_of_its_parts() -> None:
    library = read_library(CHINA, PACKAGES["adcode"])
    (made,) = library.features(["330000"], **PICK)["features"]
    assert made["properties"]["territory_id"] == "330000"
    (read,) = parse_territories({"type": "FeatureCollection", "features": [made]})
    assert read.shape.bounds == (120, 30, 121, 31)
    with pytest.raises(GeoError) as caught:
        library.features(["990000"], **PICK)
    assert caught.value.type == "area-unknown"


def test_any_other_package_is_described_by_its_fields() -> None:
    fields = Fields(code="id", name="name", level_by_length={1: "region"})
    library = read_library([("t.json", json.dumps(TOPOLOGY).encode())], fields)
    assert [a.as_dict() for a in library.listed()] == [
        {"code": "E", "name": "E", "level": "region", "parent": None},
        {"code": "W", "name": "West", "level": "region", "parent": None},
    ]


@pytest.mark.parametrize(
    ("content", "slug"),
    [(b"{", "geojson-invalid"), (b"[]", "geojson-invalid"), (b'{"type":"Topology"}', None),
     (b'{"features":[],"crs":"utm"}', "crs-unknown")],
)  # fmt: skip
def test_what_is_no_collection_is_refused(content: bytes, slug: str | None) -> None:
    if slug is None:
        assert read_library([("x", content)], Fields()).listed() == []
        return
    with pytest.raises(GeoError) as caught:
        read_library([("x", content)], Fields())
    assert caught.value.type == slug


def boundary(adcode: int | str, level: str, parent: object, west: float) -> dict[str, Any]:
    """A feature as packages of China's boundaries have it."""
    ring = [[west, 30], [west + 1, 30], [west + 1, 31], [west, 31], [west, 30]]
    properties = {"adcode": adcode, "name": f"N{adcode}", "level": level, "parent": parent}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def test_a_parent_may_be_nested_or_plain_and_need_not_follow_from_the_code() -> None:
    features = [
        boundary(420000, "province", {"adcode": 100000}, 110),
        boundary("420100", "city", "420000", 111),
        boundary(420102, "district", {"adcode": 420100}, 112),
        boundary(420103, "district", 420100, 113),
        # A county that its province governs: by its code it would be in a city 429000.
        boundary(429004, "district", 420000, 114),
    ]
    document = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    library = read_library([("package.json", document)], PACKAGES["adcode"], "gcj02")
    parents = {area.code: area.parent for area in library.listed()}
    assert parents == {
        "420000": "100000", "420100": "420000", "420102": "420100", "420103": "420100",
        "429004": "420000",
    }  # fmt: skip
    counties = library.listed(level="county", under="420000")
    assert [area.code for area in counties] == ["420102", "420103", "429004"]


def test_parents_in_a_circle_have_an_end() -> None:
    features = [
        boundary(420100, "city", 420200, 110),
        boundary(420200, "city", 420100, 111),
        boundary(420300, "city", 420300, 112),
    ]
    document = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    library = read_library([("package.json", document)], PACKAGES["adcode"])
    assert {area.code for area in library.listed(under="420100")} == {"420100", "420200"}
    assert [area.code for area in library.listed(under="420300")] == ["420300"]


def test_properties_that_are_none_leave_the_area_out() -> None:
    feature = {**boundary(420100, "city", None, 110), "properties": "420100"}
    document = msgspec.json.encode({"type": "FeatureCollection", "features": [feature]})
    assert read_library([("package.json", document)], PACKAGES["adcode"]).listed() == []
