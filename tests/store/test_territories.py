"""Territories that processes share: decoded, indexed and united by the first one alone."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from registry import Registry
from registry.geometry import KeptGeometry, shape_of, size_of_m2
from registry.model import Territory
from store.engine import open_engine, sqlite_url
from store.migrations import migrate
from store.registry import add_rows, read_rows
from stream_processors.registry_source import RegistrySource
from tests.geo.test_covering import mosaic

T0 = datetime(2026, 1, 1, tzinfo=UTC)

WORKER = """
import json, sys
from pathlib import Path
import numpy as np
import geo.area, geo.covering.file, geo.kept, store.territories

made = []
def counted(module, name):
    real = getattr(module, name)
    def call(*given, **named):
        made.append(name)
        return real(*given, **named)
    setattr(module, name, call)

counted(geo.covering.file, "build_covering")
counted(store.territories, "arrays_of")
counted(geo.area, "unite")
from store.engine import open_engine, sqlite_url
from stream_processors.registry_source import RegistrySource

lon, lat, key = json.loads(sys.argv[3])
with open_engine(sqlite_url(Path(sys.argv[1]))).connect() as connection:
    places = RegistrySource(Path(sys.argv[2])).current(connection).places
times = [1 << 60] * len(lon)
held = places.holding_columns(np.array(lon), np.array(lat), times, times)
key = tuple(tuple(tuple((i, v) for i, v in u) for u in c) for c in key)
rows = places.rows([key])
inside = rows.borders.contains(np.full(len(lon), rows.row[key]), np.array(lon), np.array(lat))
names = [[one.territory_id for one in found] for found in held]
print(json.dumps([sorted(set(made)), names, inside.tolist()]))
"""


def territories(count: int, seed: int = 1) -> list[Territory]:
    """Cells that share their borders."""
    return [
        Territory(
            territory_id=f"T{number}",
            name=f"Cell {number}",
            version=1,
            geometry=json.loads(shapely.to_geojson(shape)),
            valid_from=T0,
        )
        for number, shape in enumerate(mosaic(seed, count))
    ]


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Path:
    path = tmp_path / "d.sqlite"
    engine = open_engine(sqlite_url(path))
    migrate(engine)
    with engine.begin() as connection:
        add_rows(connection, "test", now_us=1, territories=territories(20))
    engine.dispose()
    return path


def read(database: Path, index: Path | None) -> Registry:
    """The registry as a worker has it."""
    with open_engine(sqlite_url(database)).connect() as connection:
        return RegistrySource(index).current(connection)


def work(database: Path, index: Path, question: list[Any]) -> tuple[list[str], Any, Any]:
    """What a worker in a process of its own makes, and what it answers."""
    command = [sys.executable, "-c", WORKER, str(database), str(index), json.dumps(question)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    made, held, inside = json.loads(done.stdout)
    return made, held, inside


def test_a_second_process_decodes_indexes_and_unites_nothing(
    database: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(5, 12, 200), rng.uniform(45, 50, 200)
    key = (((("T1", 1), ("T2", 1), ("T3", 1)),),)
    question = [lon.tolist(), lat.tolist(), key]
    first = work(database, index, question)
    assert first[0] == ["arrays_of", "build_covering", "unite"]
    second = work(database, index, question)
    assert second == ([], *first[1:])
    plain = read(database, None).places
    times = [1 << 60] * len(lon)
    held = plain.holding_columns(lon, lat, times, times)
    assert first[1] == [[one.territory_id for one in found] for found in held]
    rows = plain.rows([key])
    wanted = rows.borders.contains(np.full(len(lon), rows.row[key]), lon, lat)
    assert first[2] == wanted.tolist()
    assert any(first[2])


def test_damaged_files_are_made_anew_for_the_next_process(database: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    question = [[6.0, 8.0], [46.0, 48.0], (((("T1", 1), ("T2", 1)),),)]
    wanted = work(database, index, question)[1:]
    for file in index.rglob("*.npy"):
        data = file.read_bytes()
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert work(database, index, question) == (["arrays_of", "build_covering", "unite"], *wanted)


def test_kept_geometry_is_the_geometry(database: Path, tmp_path: Path) -> None:
    plain = read(database, None).rows.territories
    shared = read(database, tmp_path / "index").rows.territories
    for one, other in zip(plain, shared, strict=True):
        assert isinstance(other.geometry, KeptGeometry)
        assert (one.territory_id, one.version, one.name) == (
            other.territory_id, other.version, other.name,
        )  # fmt: skip
        assert (one.valid_from, one.recorded_at) == (other.valid_from, other.recorded_at)
        assert shapely.equals_exact(shape_of(one), shape_of(other), 0.0)
        assert size_of_m2(one) == size_of_m2(other) > 0
        assert shapely.equals_exact(shapely.geometry.shape(other.geometry), shape_of(one), 0.0)


def test_a_new_version_is_seen_and_what_nobody_needs_any_more_goes(
    database: Path, tmp_path: Path
) -> None:
    engine = open_engine(sqlite_url(database))
    for version in (2, 3, 4):
        with engine.begin() as connection:
            moved = [
                Territory(
                    territory_id="T1", name="Moved", version=version, geometry=row.geometry,
                    valid_from=T0,
                )
                for row in territories(5, seed=version)[:1]
            ]  # fmt: skip
            add_rows(connection, "test", now_us=version, territories=moved)
            _, rows = read_rows(connection, tmp_path / "index")
        assert len(rows.territories) == 19 + version
        assert shapely.equals_exact(
            shape_of(rows.territories[-1]), shapely.geometry.shape(moved[0].geometry), 0.0
        )
    assert len(list((tmp_path / "index" / "shapes").iterdir())) == 2
