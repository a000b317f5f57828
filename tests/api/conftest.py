from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.world import World, new_engine


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Fakes around an empty database."""
    engine = new_engine(tmp_path)
    yield World(engine)
    engine.dispose()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A phone's browser."""
    async with world.client() as one:
        yield one
