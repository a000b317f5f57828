"""Many areas asked in one call answer as each of them does alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon

from geo.area import Area
from geo.borders import Borders
from geo.errors import GeoError
from geo.rows import joined, judge_rows
from geo.verdict import judge_columns
from tests.geo.shapes import fixes_near, stars

CODES = {"inside": 1, "uncertain": 0, "outside": -1}
SOURCES = st.sampled_from(["gnss", "network", "ip", "manual"])
SYSTEMS = st.sampled_from(["wgs84", "gcj02", "bd09", "unknown"])


@given(data=st.data(), shapes=st.lists(stars(lat=(2, 55)), min_size=1, max_size=4))
def test_a_fix_is_judged_in_a_column_of_many_areas_as_against_its_own(
    data: st.DataObject, shapes: list[Polygon]
) -> None:
    areas = [Area([shape]) for shape in shapes]
    rows = data.draw(st.lists(st.integers(0, len(areas) - 1), max_size=8))
    fixes = [data.draw(fixes_near(shapes[row])) for row in rows]
    lon, lat = [fix[0] for fix in fixes], [fix[1] for fix in fixes]
    accuracy_m = [data.draw(st.floats(0, 20_000)) for _ in rows]
    source, crs = [data.draw(SOURCES) for _ in rows], [data.draw(SYSTEMS) for _ in rows]
    found = judge_rows(
        joined([area.borders for area in areas]), rows, lon, lat,
        accuracy_m=accuracy_m, level=0.68, source=source, crs=crs,
    )  # fmt: skip
    for index, row in enumerate(rows):
        (alone,) = judge_columns(
            areas[row], lon[index : index + 1], lat[index : index + 1],
            accuracy_m=accuracy_m[index], source=source[index], crs=crs[index],
        )  # fmt: skip
        assert found.code[index] == CODES[alone.verdict]
        assert found.probability_inside[index] == pytest.approx(alone.probability_inside, abs=1e-9)
        if alone.verdict == "outside":
            assert found.distance_m[index] == pytest.approx(alone.distance_m, abs=1e-6)
        else:
            assert np.isnan(found.distance_m[index])


@given(shapes=st.lists(stars(), min_size=1, max_size=4))
def test_an_index_joined_out_of_indexes_is_the_one_built_at_once(shapes: list[Polygon]) -> None:
    whole = Borders([MultiPolygon([shape]) for shape in shapes])
    parts = joined([joined([]), *(Borders([MultiPolygon([shape])]) for shape in shapes)])
    for name in Borders.__annotations__:
        assert np.array_equal(getattr(parts, name), getattr(whole, name)), name


def test_an_empty_area_holds_nothing_and_has_no_border() -> None:
    index = joined([Borders([MultiPolygon()]), Borders([MultiPolygon()])])
    found = judge_rows(
        index, [1, 0], [1.0, 2.0], [3.0, 4.0], accuracy_m=10.0, level=0.95,
        source=["gnss", "ip"], crs=["wgs84", "wgs84"],
    )  # fmt: skip
    assert found.code.tolist() == [-1, 0]
    assert np.isnan(found.distance_m).all()


def test_a_fix_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(GeoError, match="swapped"):
        judge_rows(
            joined([Borders([MultiPolygon()])]), [0], [31.0], [121.0], accuracy_m=1.0, level=0.68,
            source=["gnss"], crs=["wgs84"],
        )  # fmt: skip
