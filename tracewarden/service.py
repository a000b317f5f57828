"""The wiring of the API: ports over an installation, and the server that runs it."""

import os
import secrets
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import uvicorn
from sqlalchemy import Engine

from api.services import ApiSettings, ItemState, Services
from codes.epc import item_uri
from codes.errors import CodeError
from codes.hidden_codes import HiddenCodes
from custody import custody_of
from judging.trails import trails
from registry import Registry
from store.stored_history import StoredHistory
from store.transactions import reading
from stream_processors.bus.port import Publisher
from stream_processors.registry_source import RegistrySource
from tracewarden.installation import ConfigurationError
from tracewarden.keys_in_use import IssuedByJobs, KeysInUse, MasterSecret
from tracewarden.outside.configured import outside_of
from tracewarden.outside.keeping import asking
from tracewarden.settings import Settings

SECRET_BYTES = 48


def registry_reader(engine: Engine, index: Path | None = None) -> Callable[[], Registry]:
    """The newest snapshot of the registry, whenever asked; ``index`` as in ``RegistrySource``."""
    source = RegistrySource(index)

    def current() -> Registry:
        with reading(engine) as connection:
            return source.current(connection)

    return current


def item_state_reader(
    engine: Engine, registry: Callable[[], Registry]
) -> Callable[[str, str], ItemState | None]:
    """What custody says of an item now, folded from stored events."""

    def state_of(gtin: str, serial: str) -> ItemState | None:
        try:
            item = item_uri(gtin, serial)
        except CodeError:
            return None
        with reading(engine) as connection:
            trail = trails([item], StoredHistory(connection))[item]
        if not trail.touches:
            return None
        return ItemState(custody_of(trail, party_at=registry().party_at).disposition)

    return state_of


def build_services(
    settings: Settings,
    engine: Engine,
    publisher: Publisher,
    *,
    public_url: str,
    secret_key: bytes,
    keys: Path | None,
    checks: Mapping[str, Callable[[], Awaitable[bool]]],
    stopping: threading.Event,
) -> Services:
    """The API's ports; see ``api.services``."""
    registry = registry_reader(engine, settings.territory_index)
    passphrase = settings.key_passphrase.get_secret_value() if settings.key_passphrase else None
    secret = MasterSecret(keys, passphrase)
    issued = IssuedByJobs(secret, registry)

    def hidden_codes() -> HiddenCodes | None:
        found = secret()
        return None if found is None else HiddenCodes(found)

    try:
        api_settings = ApiSettings(public_url, settings.brand_name, secret_key)
    except ValueError as error:
        raise ConfigurationError(str(error), field="TRACEWARDEN_SECRET_KEY") from None
    return Services(
        settings=api_settings,
        engine=engine,
        publisher=publisher,
        registry=registry,
        keys=KeysInUse(keys),
        clock=lambda: datetime.now(UTC),
        random_bytes=os.urandom,
        issued=issued,
        issue_of=issued.find,
        item_state=item_state_reader(engine, registry),
        hidden_codes=hidden_codes,
        anchor=asking(engine, outside_of(settings)),
        checks=checks,
        stopping=stopping.is_set,
    )


def secret_in(path: Path) -> bytes:
    """The secret in a file that only its owner may read; made at the first start."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(SECRET_BYTES).encode())
        file.flush()
        os.fsync(file.fileno())
    return path.read_bytes()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that the port is known before anything is printed.

    Raises:
        ConfigurationError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.listen(1024)
    return listener


class Server(uvicorn.Server):
    """Uvicorn that says when it stops, so that open streams end with it."""

    def __init__(self, config: uvicorn.Config, stopping: threading.Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the server; they are not raised again, so the exit code is 0."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()
        self.handle_exit(number, frame)

    def end(self) -> None:
        """End as by a signal."""
        self._stopping.set()
        self.should_exit = True


def server_for(app: object, settings: Settings, stopping: threading.Event) -> Server:
    """The server of an ASGI application."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_level=settings.log_level,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1"),
    )
    return Server(config, stopping)
