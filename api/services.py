"""What the service stands on, as ports, filled by the composition root or by tests.

``create_app`` opens and closes none of them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from sqlalchemy import Engine

from codes.hidden_codes import HiddenCodes
from codes.issued import Issue
from codes.jwks import KeySet
from registry.book import Registry
from store.event_erasures import KEPT_FOR_DAYS
from stream_processors.bus.port import Publisher

SHORTEST_SECRET = 32


def _unknown(_gtin: str, _serial: str) -> None:
    return None


def _no_hidden_codes() -> None:
    return None


def _nothing() -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What differs between installations.

    ``public_url`` is the address under which phones reach the service, without a path;
    ``secret_key`` signs visits and forms; the retention periods are what the pages promise.
    """

    public_url: str
    brand_name: str
    secret_key: bytes = field(repr=False)
    location_retention_days: int = KEPT_FOR_DAYS
    report_retention_days: int = 730

    def __post_init__(self) -> None:
        if len(self.secret_key) < SHORTEST_SECRET:
            raise ValueError(f"a secret key has at least {SHORTEST_SECRET} bytes")

    @property
    def is_https(self) -> bool:
        """Whether phones come over TLS, so that cookies may ask for it."""
        return urlsplit(self.public_url).scheme.lower() == "https"


class ItemState(NamedTuple):
    """What custody says of an item: its CBV disposition, such as ``recalled``; None: nothing."""

    disposition: str | None


class Records(Protocol):
    """What is needed to read what is stored: a part of :class:`Services`."""

    @property
    def engine(self) -> Engine:
        """The database."""
        ...

    @property
    def registry(self) -> Callable[[], Registry]:
        """The newest snapshot of the registry."""
        ...

    @property
    def clock(self) -> Callable[[], datetime]:
        """Now."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The ports.

    ``publisher`` is started already. ``registry`` gives the newest snapshot, ``keys`` the public
    keys that codes are verified with. ``issued`` says whether a job covers a serial (None: not
    known), ``issue_of`` which one and whether the code is active, ``item_state`` what custody says
    of an item; they may ask the database, and run in a thread. ``hidden_codes`` checks codes under
    scratch layers (None: the secret is not at hand). ``anchor`` has others sign for the evidence
    log, where somebody is configured. ``checks`` are asked by ``/healthz`` besides
    the database. ``stopping`` is true once the process wants to end, so that streams end, too.
    """

    settings: ApiSettings
    engine: Engine
    publisher: Publisher
    registry: Callable[[], Registry]
    keys: Callable[[], KeySet]
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    issued: Callable[[str, str], bool | None] = _unknown
    issue_of: Callable[[str, str], Issue | None] = _unknown
    item_state: Callable[[str, str], ItemState | None] = _unknown
    hidden_codes: Callable[[], HiddenCodes | None] = _no_hidden_codes
    anchor: Callable[[], None] = _nothing
    checks: Mapping[str, Callable[[], Awaitable[bool]]] = field(default_factory=dict)
    stopping: Callable[[], bool] = _never
