"""The embedded set: API, worker and writer in one process on SQLite files. No server is needed."""

import asyncio
import fcntl
import os
import secrets
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from api.app import create_app
from store.accounts import has_users, set_password
from store.engine import open_engine, sqlite_url
from store.evidence_fence import guard_by
from store.evidence_guard import Guard
from store.evidence_service import SignedLog, signing
from store.migrations import migrate
from stream_processors.bus.port import Publisher
from stream_processors.bus.queue import QueueConsumer, QueueFile, QueuePublisher
from stream_processors.embedded import EmbeddedRunner
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.state.sqlite import SqliteState
from stream_processors.ticks import Ticker
from stream_processors.topics import INPUTS, SIGNALS
from stream_processors.worker import Worker
from stream_processors.writer import Writer
from stream_processors.writer_service import WriterService
from tracewarden.gathering_stage import gatherer_of, now_us, reminding
from tracewarden.installation import (
    ConfigurationError,
    EmbeddedFolder,
    evidence_folder,
    evidence_origin,
)
from tracewarden.outside.configured import outside_of
from tracewarden.outside.keeping import keep_anchored
from tracewarden.service import Server, build_services, listen, secret_in, server_for
from tracewarden.settings import Settings

FIRST_USER = "admin"
Ready = Callable[[str], None]
Beside = Callable[[Publisher], Coroutine[None, None, None]]
"""What else is to be done in the process once work is taken, such as streaming a demo's world."""


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process a folder: a second one is told so at once."""
    with (folder / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(f"another process runs on {folder}", field="--data") from None
        yield


def prepare(folder: EmbeddedFolder) -> Engine:
    """The database of the folder, migrated, with a first console user."""
    folder.folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(sqlite_url(folder.database))
    migrate(engine)
    if not has_users(engine):
        password = secrets.token_urlsafe(12)
        set_password(engine, FIRST_USER, password, datetime.now(UTC))
        _write_private(folder.login, f"{FIRST_USER}\n{password}\n")
    return engine


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


async def _nothing(_publisher: Publisher) -> None:
    return


def run_embedded(
    data: Path, port: int, settings: Settings, *, ready: Ready, beside: Beside = _nothing
) -> None:
    """Run until SIGTERM or SIGINT; ``ready`` is called with the address once work is taken."""
    folder = EmbeddedFolder(data)
    folder.folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder.folder):
        engine = prepare(folder)
        try:
            private, origin = evidence_folder(data, settings), evidence_origin(settings)
            guard_by(engine, Guard(private))
            with signing(engine, private, origin) as log:
                asyncio.run(_run(folder, engine, log, port, settings, ready, beside))
        finally:
            engine.dispose()


async def _run(
    folder: EmbeddedFolder,
    engine: Engine,
    log: SignedLog,
    port: int,
    settings: Settings,
    ready: Ready,
    beside: Beside,
) -> None:
    listener = listen(settings.api_host, port)
    bound = listener.getsockname()[1]
    address = f"http://{settings.api_host}:{bound}"
    public_url = settings.public_url
    if "public_url" not in settings.model_fields_set:
        public_url = address
    queue = QueueFile(folder.queue)
    publisher = QueuePublisher(queue)
    state = SqliteState(folder.state)
    stopping = threading.Event()
    failures: list[BaseException] = []
    servers: list[Server] = []

    def failed(fault: BaseException) -> None:
        failures.append(fault)
        for server in servers:
            server.end()

    runner = _runner(engine, log, queue, publisher, state, settings, failed)

    async def is_taking_work() -> bool:
        return runner.is_running

    services = build_services(
        settings,
        engine,
        publisher,
        public_url=public_url,
        secret_key=secret_in(folder.secret),
        keys=settings.key_folder or folder.keys,
        checks={"worker and writer": is_taking_work},
        stopping=stopping,
    )
    server = server_for(create_app(services), settings, stopping)
    servers.append(server)
    ticker = Ticker(publisher, clock=lambda: datetime.now(UTC))
    runner.start()
    ticker.start()

    async def once_ready() -> None:
        while not server.started:  # noqa: ASYNC110 — uvicorn has no event for it
            await asyncio.sleep(0.02)
        ready(address)
        await beside(publisher)

    beside_it = [
        asyncio.create_task(once_ready()),
        asyncio.create_task(
            keep_anchored(engine, outside_of(settings), settings.anchor_every_s)
        ),
    ]
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in beside_it:
            task.cancel()
        await asyncio.gather(*beside_it, return_exceptions=True)
        await ticker.stop()
        await runner.stop()
        await publisher.close()
        state.close()
        queue.close()
    if failures:
        raise failures[0]


def _runner(
    engine: Engine,
    log: SignedLog,
    queue: QueueFile,
    publisher: QueuePublisher,
    state: SqliteState,
    settings: Settings,
    failed: Callable[[BaseException], None],
) -> EmbeddedRunner:
    worker = Worker(
        Pipeline(engine, state, RegistrySource(settings.territory_index)),
        publisher,
        retry_limit_s=settings.retry_limit_s,
        dead_letter_limit=settings.dead_letter_limit,
    )
    writes = Writer(engine, now_us)
    writer = WriterService(
        writes,
        log,
        QueueConsumer(queue, "writer", (SIGNALS,)),
        publisher,
        gather=gatherer_of(engine, writes, settings).step,
        remind=reminding(engine),
        retry_limit_s=settings.retry_limit_s,
    )
    return EmbeddedRunner(
        worker,
        QueueConsumer(queue, "workers", INPUTS),
        writer,
        retry_limit_s=settings.retry_limit_s,
        failed=failed,
    )
