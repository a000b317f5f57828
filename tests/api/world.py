"""A small world for the HTTP tests: fakes for every port, and a brand with one product."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from api.app import create_app
from api.services import ApiSettings, ItemState, Services
from codes.hidden_codes import HiddenCodes
from codes.issued import Issue
from codes.jwks import KeySet, PublicKey
from codes.signing import SeedSigner, sign_path
from registry import Registry, RegistryRows
from registry.model import Authorisation, Dealer, Product, Territory
from store.access import add_key
from store.engine import open_engine, sqlite_url
from store.schema import metadata
from stream_processors.bus.port import BusUnavailableError

GTIN = "09506000134352"
NOW = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
SIGNER = SeedSigner("K1", bytes(range(32)))
RETIRED_SIGNER = SeedSigner("K2", bytes(range(1, 33)))
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1"
)


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A rectangle as GeoJSON."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


ROWS = RegistryRows(
    products=(Product(gtin=GTIN, name="Green Tea 250 g"),),
    dealers=(Dealer(dealer_id="D1", gln="9506000100067", name="Orchid Trading"),),
    territories=(
        Territory(territory_id="P1", name="East", version=1, geometry=square(110, 20, 120, 30)),
        Territory(territory_id="C1", name="Lake", version=1, geometry=square(112, 22, 114, 24)),
        Territory(territory_id="P2", name="West", version=1, geometry=square(100, 20, 110, 30)),
    ),
    authorisations=(
        Authorisation(
            authorisation_id="A1",
            dealer_id="D1",
            gtins="all",
            territory_ids=["P1"],
            exclusive=True,
            valid_from=datetime(2025, 1, 1, tzinfo=UTC),
        ),
    ),
)


@dataclass
class FakeClock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **parts: float) -> None:
        """Let time go by."""
        self.now += timedelta(**parts)


@dataclass
class FakePublisher:
    """A bus that remembers; ``down`` makes it refuse."""

    down: bool = False
    published: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def start(self) -> None:
        """Nothing to connect to."""

    async def publish(self, topic: str, events: Sequence[tuple[str, bytes]]) -> None:
        """Keep the events, or refuse them all."""
        if self.down:
            raise BusUnavailableError("the broker does not answer")
        self.published += [(topic, key, raw) for key, raw in events]

    async def close(self) -> None:
        """Nothing to disconnect from."""


@dataclass
class World:
    """The fakes behind one application, and a client of it."""

    engine: Engine
    clock: FakeClock = field(default_factory=FakeClock)
    publisher: FakePublisher = field(default_factory=FakePublisher)
    keys: dict[str, PublicKey] = field(default_factory=dict)
    issued: dict[str, bool] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    checks: dict[str, bool] = field(default_factory=dict)
    registry: Registry = field(default_factory=lambda: Registry(ROWS))
    public_url: str = "https://id.brand.example"
    stopping: bool = False
    hidden_codes: HiddenCodes | None = None

    def __post_init__(self) -> None:
        counter = itertools.count(1)
        self.keys |= {
            "K1": PublicKey("K1", SIGNER.public_bytes()),
            "K2": PublicKey("K2", RETIRED_SIGNER.public_bytes(), revoked_at=NOW),
        }
        self.random_bytes = lambda size: next(counter).to_bytes(size, "big")

    def services(self) -> Services:
        """The ports, filled."""

        async def bus() -> bool:
            return not self.publisher.down

        def keys() -> KeySet:
            return self.keys

        def state(_gtin: str, serial: str) -> ItemState | None:
            return ItemState(self.states[serial]) if serial in self.states else None

        return Services(
            settings=ApiSettings(self.public_url, "Orchard Brand", b"0123456789abcdef" * 2),
            engine=self.engine,
            publisher=self.publisher,
            registry=lambda: self.registry,
            keys=keys,
            clock=self.clock,
            random_bytes=self.random_bytes,
            issued=lambda _gtin, serial: self.issued.get(serial),
            issue_of=lambda _gtin, serial: self.issues.get(serial),
            item_state=state,
            hidden_codes=lambda: self.hidden_codes,
            checks={"bus": bus},
            stopping=lambda: self.stopping,
        )

    def key(self, *scopes: str, expires_at: datetime | None = None) -> dict[str, str]:
        """Headers with a new API key."""
        key = add_key(
            self.engine,
            name="test",
            scopes=scopes,
            now=self.clock(),
            entropy=self.random_bytes,
            expires_at=expires_at,
        )
        return {"Authorization": f"Bearer {key}"}

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A new browser: it keeps its own cookies."""
        app = create_app(self.services())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport,
            base_url=self.public_url,
            headers={"User-Agent": PHONE, **headers},
        )


def code_for(serial: str, *, signer: SeedSigner = SIGNER, rest: str = "") -> str:
    """The path and query of a signed code; ``rest`` are GS1 attributes such as ``?17=271231``."""
    uri = sign_path(f"/01/{GTIN}/21/{serial}{rest}", signer, domain="id.brand.example")
    return uri.removeprefix("HTTPS://ID.BRAND.EXAMPLE")


def new_engine(folder: Path) -> Engine:
    """A database with all tables and nothing in them."""
    engine = open_engine(sqlite_url(folder / "tracewarden.sqlite"))
    metadata.create_all(engine)
    return engine
