"""A served application over fakes, and a browser that looks at it."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from api.app import create_app
from registry import Registry, RegistryRows
from registry.model import Authorisation, Dealer, Product, Territory
from simulator.atlas import read_atlas
from tests.api.world import GTIN, World, new_engine

SOLD_IN = ("08", "49", "56")
AROUND = ("04", "16", "20", "30", "31", "32", "35", "40", "46")
"""States by FIPS code: Colorado, Utah and Wyoming, and those around."""


@dataclass
class Served:
    """A world and its address."""

    world: World
    url: str


@pytest.fixture(scope="package")
def browser(chromium: Path) -> Iterator[Browser]:
    """One Chromium for the tests of this folder; each makes its own context.

    It is gone with the folder's last test: while it runs, asynchronous tests cannot.
    """
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="session")
def registry() -> Registry:
    """A tea brand with one dealer in three real states."""
    atlas = read_atlas()
    territories = tuple(
        Territory(
            territory_id=region.territory_id,
            name=region.name,
            version=1,
            geometry=region.geometry,
        )
        for region in atlas.states([*SOLD_IN, *AROUND])
    )
    sells = Authorisation(
        authorisation_id="A1",
        dealer_id="D1",
        gtins="all",
        territory_ids=[f"US-{code}" for code in SOLD_IN],
        exclusive=True,
        valid_from=datetime(2025, 1, 1, tzinfo=UTC),
    )
    return Registry(
        RegistryRows(
            products=(Product(gtin=GTIN, name="Green Tea 250 g"),),
            dealers=(Dealer(dealer_id="D1", gln="9506000100067", name="Orchid Trading"),),
            territories=territories,
            authorisations=(sells,),
        )
    )


@pytest.fixture
def served(tmp_path: Path, registry: Registry) -> Iterator[Served]:
    """The application on a free port of this machine."""
    engine = new_engine(tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    world = World(engine, registry=registry, public_url=url)
    config = uvicorn.Config(
        create_app(world.services()), log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Served(world, url)
    world.stopping = True
    server.should_exit = True
    thread.join(timeout=10)
    engine.dispose()
