"""Checks a CPU second against US counties, beside shapely and Tile38's engine.

Run: ``python -m bench.geo_check [POINTS]``. Each of 61 thousand and 3.7 million vertices: which
county holds a point, and the full verdict (probability included) on a fix of 20 m, 100 m and
500 m against the county that it must lie in; batches of 500. Where ``go`` is installed,
``bench/tile38`` is built and asked the same (containment alone: it knows no probability).
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from bench.geo_counties import counties, points_in
from geo.covering.build import build_covering
from geo.covering.file import load_covering, save_covering
from geo.covering.index import Covering
from geo.uncertainty import sigma_m
from geo.verdict import columns_of

BATCH = 500
DENSE = 6


def rate(work: Callable[[slice], object], count: int, batch: int = BATCH) -> float:
    """Points a CPU second, the best of three goes after a warm-up."""
    work(slice(0, batch))
    best = 0.0
    for _ in range(3):
        started = time.process_time()
        for low in range(0, count, batch):
            work(slice(low, low + batch))
        best = max(best, count / (time.process_time() - started))
    return round(best)


def which_county(
    shapes: list[MultiPolygon], covering: Covering, lon: np.ndarray, lat: np.ndarray
) -> dict[str, float]:
    """Rates of ways to find each point's county."""
    table = np.array(shapes, dtype=object)
    shapely.prepare(table)
    tree = shapely.STRtree(table)
    points = shapely.points(lon, lat)
    few = min(len(lon), 20 * BATCH)

    def boxes(part: slice) -> object:
        point, county = tree.query(points[part])
        held = shapely.contains_xy(table[county], lon[part][point], lat[part][point])
        return county[held]

    return {
        "covering": rate(lambda s: covering.owner(lon[s], lat[s]), len(lon)),
        "contains_xy, each county": rate(
            lambda s: shapely.contains_xy(table, lon[s.start], lat[s.start]), 50, batch=1
        ),
        "STRtree.query(within)": rate(lambda s: tree.query(points[s], predicate="within"), few),
        "boxes, then prepared": rate(boxes, few),
    }


def own_county(
    shapes: list[MultiPolygon], covering: Covering, lon: np.ndarray, lat: np.ndarray
) -> dict[str, float]:
    """Rates of verdicts on each fix and the county that it lies in."""
    table = np.array(shapes, dtype=object)
    shapely.prepare(table)
    own = covering.owner(lon, lat)
    few = min(len(lon), 10 * BATCH)
    rates: dict[str, float] = {}
    for accuracy_m in (20, 100, 500):
        sigma = np.full(len(lon), sigma_m(accuracy_m, 0.68)[0])
        rates[f"covering, full verdict, {accuracy_m} m"] = rate(
            lambda s, sigma=sigma: columns_of(  # type: ignore[misc]
                covering.probability(own[s], lon[s], lat[s], sigma[s])
            ),
            len(lon),
        )
    return rates | {
        "contains_xy one by one, no probability": rate(
            lambda s: shapely.contains_xy(table[own[s.start]], lon[s.start], lat[s.start]), few, 1
        ),
        "contains_xy in batches, no probability": rate(
            lambda s: shapely.contains_xy(table[own[s]], lon[s], lat[s]), len(lon)
        ),
    }


def tile38(
    shapes: list[MultiPolygon], own: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> dict[str, float]:
    """Rates of Tile38's engine, or nothing where Go or its modules cannot be had."""
    if shutil.which("go") is None:
        return {}
    source = Path(__file__).parent / "tile38"
    with tempfile.TemporaryDirectory() as scratch:
        program, data = Path(scratch) / "engine", Path(scratch) / "data"
        built = subprocess.run(
            ["go", "build", "-o", str(program), "."], cwd=source, capture_output=True, check=False
        )
        if built.returncode:
            print(built.stderr.decode().splitlines()[-1], file=sys.stderr)
            return {}
        _write(data, shapes, own, lon, lat)
        done = subprocess.run([program, data], capture_output=True, check=True)
    rates: dict[str, float] = json.loads(done.stdout)
    return rates


def _write(
    file: Path, shapes: list[MultiPolygon], own: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> None:
    """Counts as int64, coordinates as float64: areas, polygons, rings; then the points."""
    with file.open("wb") as out:
        out.write(np.int64(len(shapes)).tobytes())
        for shape in shapes:
            out.write(np.int64(len(shape.geoms)).tobytes())
            for polygon in shape.geoms:
                rings = [polygon.exterior, *polygon.interiors]
                out.write(np.int64(len(rings)).tobytes())
                for ring in rings:
                    coords = shapely.get_coordinates(ring)
                    out.write(np.int64(len(coords)).tobytes())
                    out.write(coords.tobytes())
        out.write(np.int64(len(lon)).tobytes())
        out.write(np.column_stack([lon, lat]).tobytes())
        out.write(own.astype(np.int64).tobytes())


def measure(points: int, doublings: int) -> dict[str, object]:
    """All rates over one set of borders, with what the index takes to build, keep and load."""
    shapes = counties(doublings)
    started = time.process_time()
    covering = build_covering(shapes)
    built = time.process_time() - started
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "index"
        save_covering(covering, folder, digest="bench")
        started = time.process_time()
        covering = load_covering(folder, digest="bench")
        loaded = time.process_time() - started
    lon, lat = points_in(shapes, points)
    which = which_county(shapes, covering, lon, lat)
    own = own_county(shapes, covering, lon, lat)
    engine = tile38(shapes, covering.owner(lon, lat), lon, lat)
    if engine:
        which["Tile38's engine"], own["Tile38's engine, no probability"] = (
            round(engine["which"]),
            round(engine["own"]),
        )
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    return {
        "areas": len(shapes),
        "vertices": vertices,
        "build_cpu_s": round(built, 1),
        "load_cpu_s": round(loaded, 3),
        "geometry_mb": round(vertices * 16 / 1e6, 1),
        "borders_mb": round(covering.borders.nbytes / 1e6, 1),
        "cells_mb": round(covering.cells.nbytes / 1e6, 1),
        "which_per_cpu_s": which,
        "own_per_cpu_s": own,
        "which_ratio": _ratios(which, "covering"),
        "own_ratio": _ratios(own, "covering, full verdict, 20 m"),
    }


def _ratios(rates: dict[str, float], ours: str) -> dict[str, float]:
    return {k: round(rates[ours] / v, 2) for k, v in rates.items() if not k.startswith("covering")}


def main() -> None:
    """Print a line of JSON for each set of borders."""
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    for doublings in (0, DENSE):
        sys.stdout.write(json.dumps(measure(points, doublings)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
