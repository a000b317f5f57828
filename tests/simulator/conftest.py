"""Worlds that several tests look at, made once a session."""

from pathlib import Path

import pytest

from simulator.wish import Wish
from simulator.world import simulate_world
from tests.simulator.worlds import World, read_world


@pytest.fixture(scope="session")
def standard(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small standard world."""
    return _made(tmp_path_factory.mktemp("standard"), Wish(7, 300))


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small clean world."""
    return _made(tmp_path_factory.mktemp("clean"), Wish(3, 300, "clean"))


@pytest.fixture(scope="session")
def hard(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A hard world of some size."""
    return _made(tmp_path_factory.mktemp("hard"), Wish(5, 2500, "hard"))


def _made(folder: Path, wish: Wish) -> World:
    simulate_world(wish, folder / "world")
    return read_world(folder / "world")
