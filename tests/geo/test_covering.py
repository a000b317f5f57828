"""The index of cells answers exactly as the areas themselves do, from memory and from disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from geo.area import Area
from geo.borders import Borders
from geo.covering import build
from geo.covering.build import build_covering
from geo.covering.file import load_covering, save_covering
from geo.errors import GeoError
from geo.gaussian import nudged


def mosaic(seed: int, count: int = 60, step: float = 0.01) -> list[MultiPolygon]:
    """Cells around random points, which share all their borders to the last bit; for even seeds
    with a vertex every ``step`` degrees."""
    rng = np.random.default_rng(seed)
    points = shapely.multipoints(rng.uniform([5, 45], [12, 50], (count, 2)))
    cells = shapely.segmentize(
        shapely.get_parts(shapely.voronoi_polygons(points)), (step, 5)[seed % 2]
    )
    return [MultiPolygon([shapely.transform(c, lambda p: np.round(p, 7))]) for c in cells]


def fixes(shapes: list[MultiPolygon], seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points all over, and on vertices, cells' edges and the middle of borders."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(shapes)
    lon, lat = rng.uniform(west - 1, east + 1, count), rng.uniform(south - 1, north + 1, count)
    vertices = shapely.get_coordinates(shapes)
    some = vertices[rng.integers(0, len(vertices), count // 4)]
    middle = (some + vertices[rng.integers(0, len(vertices), len(some))]) / 2
    near = some + rng.normal(0, 1e-4, some.shape)
    points = np.concatenate([np.column_stack([lon, lat]), some, middle, near])
    return points[:, 0].copy(), points[:, 1].copy()


def brute_pairs(
    shapes: list[MultiPolygon], lon: np.ndarray, lat: np.ndarray
) -> set[tuple[int, int]]:
    """Which areas hold which points, by asking each area of each point."""
    borders = Borders(shapes)
    held = set()
    for area in range(len(shapes)):
        inside = borders.contains(np.full(len(lon), area), lon, lat)
        held |= {(int(i), area) for i in np.flatnonzero(inside)}
    return held


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_point_is_found_where_its_area_says(seed: int) -> None:
    shapes = mosaic(seed)
    covering = build_covering(shapes)
    lon, lat = fixes(shapes, seed, 4000)
    wanted = brute_pairs(shapes, lon, lat)
    point, area = covering.pairs(lon, lat)
    assert set(zip(point.tolist(), area.tolist(), strict=True)) == wanted
    owner = covering.owner(lon, lat)
    assert {(i, int(a)) for i, a in enumerate(owner) if a >= 0} == wanted


def test_areas_may_overlap() -> None:
    parts = mosaic(4)
    whole = MultiPolygon([shapely.union_all(parts)])
    shapes = [whole, *parts, MultiPolygon([box(7, 46, 9.5, 48)])]
    covering = build_covering(shapes)
    lon, lat = fixes(shapes, 4, 4000)
    point, area = covering.pairs(lon, lat)
    found = set(zip(point.tolist(), area.tolist(), strict=True))
    assert found == brute_pairs(shapes, lon, lat)
    assert (covering.owner(lon, lat)[point] == 0).all()


def test_the_probability_is_that_of_the_area() -> None:
    shapes = mosaic(5)
    covering = build_covering(shapes)
    lon, lat = fixes(shapes, 5, 3000)
    rng = np.random.default_rng(5)
    sigma = rng.choice([0.0, 3.0, 40.0, 700.0, 20_000.0], len(lon))
    area = np.where(rng.random(len(lon)) < 0.8, np.maximum(covering.owner(lon, lat), 0), 7)
    found = covering.probability(area, lon, lat, sigma)
    borders = Borders(shapes)
    near = nudged(lon, lat, sigma)
    wanted = borders.probability(area, *near, sigma, borders.contains(area, *near))
    assert found == pytest.approx(wanted, abs=1e-6)


def test_distances_are_those_of_the_area() -> None:
    shapes = mosaic(6, 12)
    covering = build_covering(shapes)
    lon, lat = fixes(shapes, 6, 50)
    area = np.arange(len(lon)) % 12
    found = covering.distance_m(area, lon, lat)
    for k in range(12):
        mine = area == k
        wanted = Area([shapes[k]]).distance_m(lon[mine], lat[mine])
        assert found[mine] == pytest.approx(wanted, abs=1e-6)


def test_the_world_is_covered_up_to_the_antimeridian_and_the_poles() -> None:
    shapes = [
        MultiPolygon([box(170, -30, 180, 30), box(-180, -30, -160, 30)]),
        MultiPolygon([box(-180, 60, 180, 90)]),
        MultiPolygon([box(-180, -90, 180, -70)]),
    ]
    covering = build_covering(shapes)
    lon = np.array([180.0, -180, 179.99, 180, 12, 180, 0, 169])
    lat = np.array([0.0, 0, 29, 30, 90, 75, -90, 0])
    assert covering.owner(lon, lat).tolist() == [0, 0, 0, -1, 1, 1, 2, -1]
    sure = covering.probability(np.zeros(3, dtype=np.int64), lon[:3], lat[:3], np.full(3, 500.0))
    assert sure == pytest.approx([1, 1, 1])


@given(seed=st.integers(0, 10_000), count=st.integers(2, 25))
def test_neighbours_share_every_point_between_them(seed: int, count: int) -> None:
    shapes = mosaic(seed, count, step=0.2)
    lon, lat = fixes(shapes, seed, 200)
    west, south, east, north = shapely.total_bounds(shapes)
    middle = (lon > west) & (lon < east) & (lat > south) & (lat < north)
    point, _ = build_covering(shapes).pairs(lon[middle], lat[middle])
    assert point.tolist() == list(range(int(middle.sum())))


def test_it_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    shapes = mosaic(8)
    built = build_covering(shapes)
    save_covering(built, tmp_path / "counties", digest="a")
    save_covering(built, tmp_path / "counties", digest="b")
    again = load_covering(tmp_path / "counties", digest="b")
    lon, lat = fixes(shapes, 8, 2000)
    assert (again.owner(lon, lat) == built.owner(lon, lat)).all()
    area = np.maximum(built.owner(lon, lat), 0)
    sigma = np.full(len(lon), 300.0)
    assert (
        again.probability(area, lon, lat, sigma) == built.probability(area, lon, lat, sigma)
    ).all()
    assert [p.name for p in tmp_path.iterdir()] == ["counties"]


def test_an_index_of_other_areas_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    save_covering(build_covering(mosaic(9, 5)), tmp_path / "index", digest="a")
    with pytest.raises(GeoError) as caught:
        load_covering(tmp_path / "index", digest="other")
    assert caught.value.type == "index-invalid"
    (tmp_path / "index" / "cells_top.npy").unlink()
    with pytest.raises(GeoError) as caught:
        load_covering(tmp_path / "index", digest="a")
    assert caught.value.type == "index-invalid"


def test_what_lies_across_the_antimeridian_is_near() -> None:
    covering = build_covering([MultiPolygon([box(178, -20, 180, -15)])])
    area, sigma = np.zeros(2, dtype=np.int64), np.full(2, 500.0)
    lon, lat = np.array([-179.9999, -179.997]), np.array([-17.0, -17.0])
    wanted = Area([box(178, -20, 180, -15)]).probability(lon, lat, sigma)
    assert covering.probability(area, lon, lat, sigma) == pytest.approx(wanted, abs=1e-6)
    assert wanted[0] > 0.45


def test_no_areas_hold_no_points() -> None:
    covering = build_covering([])
    assert covering.owner([1.0, 2.0], [3.0, 4.0]).tolist() == [-1, -1]
    assert covering.pairs([1.0], [3.0])[0].tolist() == []


def test_dense_cells_are_split_to_the_last_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "FEW_EDGES", 2)
    shapes = mosaic(2, count=30)
    covering = build_covering(shapes)
    sides = np.unique(covering.cells.margin_deg[np.diff(covering.cells.record_start) > 0])
    assert len(sides) == 2
    lon, lat = fixes(shapes, 2, 3000)
    point, area = covering.pairs(lon, lat)
    assert set(zip(point.tolist(), area.tolist(), strict=True)) == brute_pairs(shapes, lon, lat)


@given(
    seed=st.integers(0, 10_000),
    step=st.sampled_from([0.02, 0.1, 1.0]),
    power=st.floats(0, 4.5),
    wide=st.floats(0, 1),
)
def test_every_way_to_a_probability_gives_that_of_a_search_of_all_edges(
    seed: int, step: float, power: float, wide: float
) -> None:
    shapes = mosaic(2 * seed, 7, step)
    covering = build_covering(shapes)
    lon, lat = fixes(shapes, seed, 60)
    rng = np.random.default_rng(seed)
    sigma = 10 ** (power + wide * rng.uniform(-1, 1, len(lon)))
    area = np.where(rng.random(len(lon)) < 0.7, np.maximum(covering.owner(lon, lat), 0), 3)
    near = nudged(lon, lat, sigma)
    borders = Borders(shapes)
    wanted = borders.probability(area, *near, sigma, borders.contains(area, *near))
    found = covering.probability(area, lon, lat, sigma)
    assert found == pytest.approx(wanted, abs=2.1e-9, rel=0)


def test_how_far_a_fix_reaches_decides_where_its_edges_come_from() -> None:
    shapes = mosaic(4, 40, 0.01)
    covering = build_covering(shapes)
    asked: list[str] = []

    class Listening(Borders):
        def probability(self, *given: Any) -> np.ndarray:
            asked.append("all")
            return super().probability(*given)

    covering.borders = Listening.of_arrays(covering.borders.arrays())
    lon, lat = fixes(shapes, 4, 1000)
    area = np.maximum(covering.owner(lon, lat), 0)
    largest = covering.wide[-1].margin_deg * 50_000 / 6.2
    for sigma, ways in ((10.0, []), (largest * 0.8, []), (largest * 3, ["all"])):
        covering.probability(area, lon, lat, np.full(len(lon), sigma))
        assert asked == ways
