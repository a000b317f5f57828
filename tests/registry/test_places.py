"""Places: which territories hold a point, and areas that gather in one index."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from events.timed import microseconds
from geo.covering import file
from registry import places
from registry.authority import AreaKey
from registry.model import Territory
from registry.places import Places
from tests.rules.world import box

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NOW = microseconds(T0)


def territory(name: str, west: float, east: float, version: int = 1, days: int = 0) -> Territory:
    begins = T0 + timedelta(days=days)
    return Territory(
        territory_id=name, name=name, version=version, valid_from=begins, geometry=box(west, east)
    )


def key(*names: str) -> AreaKey:
    return ((tuple((name, 1) for name in names),),)


WORLD = (territory("A", 0.0, 1.0), territory("B", 1.0, 3.0), territory("WIDE", 0.0, 9.0))


def test_the_smallest_territory_that_holds_a_point_comes_first() -> None:
    held = Places(WORLD).holding_columns(
        np.array([0.5, 2.0, 8.0, 20.0]), np.full(4, 0.5), [NOW] * 4, [NOW] * 4
    )
    assert [[found.name for found in one] for one in held] == [
        ["A", "WIDE"], ["B", "WIDE"], ["WIDE"], []
    ]  # fmt: skip


def test_processes_share_an_index_on_disk_that_answers_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    lon, lat = rng.uniform(-1, 10, 500), rng.uniform(-1, 11, 500)
    lon[:4], lat[:4] = [0.0, 1.0, 3.0, 9.0], 5.0
    times = [NOW] * 500, [NOW] * 500
    wanted = Places(WORLD).holding_columns(lon, lat, *times)
    assert Places(WORLD, tmp_path).holding_columns(lon, lat, *times) == wanted
    monkeypatch.setattr(file, "build_covering", None)
    assert Places(WORLD, tmp_path).holding_columns(lon, lat, *times) == wanted
    monkeypatch.undo()
    moved = (*WORLD, territory("A", 2.0, 4.0, version=2))
    held = Places(moved, tmp_path).holding(3.5, 5.0, NOW, NOW)
    assert [(one.name, one.version) for one in held] == [("A", 2), ("WIDE", 1)]
    assert len(list(tmp_path.iterdir())) == 2


def test_each_point_is_held_by_the_version_in_force_at_its_own_time() -> None:
    found = Places([territory("A", 0.0, 1.0), territory("A", 5.0, 6.0, version=2, days=10)])
    later = microseconds(T0 + timedelta(days=11))
    held = found.holding_columns(
        np.array([0.5, 0.5, 5.5, 5.5]), np.full(4, 0.5), [NOW, later, NOW, later], [later] * 4
    )
    assert [[one.version for one in place] for place in held] == [[1], [], [], [2]]


def test_an_index_of_areas_grows_by_what_is_asked_and_begins_again_when_it_is_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Places(WORLD)
    first = found.rows([key("A")])
    assert found.rows([key("A")]) is first
    second = found.rows([key("B"), key("A")])
    assert list(second.row) == [key("A"), key("B")]
    monkeypatch.setattr(places, "MOST_EDGES", 0)
    third = found.rows([key("WIDE"), key("A")])
    assert list(third.row) == [key("WIDE"), key("A")]
    for rows in (first, second, third):
        area = np.array([rows.row[key("A")]] * 2)
        inside = rows.borders.contains(area, np.array([0.5, 2.0]), np.array([0.5, 0.5]))
        assert inside.tolist() == [True, False]


def test_what_holds_a_point_may_hold_it() -> None:
    world = Places(WORLD)
    for lon in (-0.5, 0.0, 0.5, 1.0, 3.0, 8.0, 9.5):
        held = {one.territory_id for one in world.holding(lon, 0.5, NOW, NOW)}
        for name in ("A", "B", "WIDE"):
            assert world.may_hold(frozenset([name]), lon, 0.5) >= (name in held)
    assert not world.may_hold(frozenset(["A", "B"]), 8.0, 0.5)
    assert not world.may_hold(frozenset(["nowhere"]), 0.5, 0.5)
    assert not world.may_hold(frozenset(), 0.5, 0.5)
