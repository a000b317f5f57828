"""A clean world of a million scans ends with an empty list of cases."""

from pathlib import Path

import pytest

from registry.recording import read_registry
from simulator.wish import Wish
from simulator.world import simulate_world
from tracewarden.replay import replay


@pytest.mark.soak
def test_a_clean_world_of_a_million_scans_has_no_case(tmp_path: Path) -> None:
    world = tmp_path / "world"
    simulate_world(Wish(seed=9, items=610_000, difficulty="clean"), world)
    head, rows = read_registry(world)
    outcome = replay(world, head, rows)
    assert outcome.summary["events"]["scan"] >= 1_000_000
    assert outcome.cases == []
