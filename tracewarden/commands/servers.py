"""What operators start on servers: ``api``, ``worker``, ``writer``, ``migrate`` and ``doctor``."""

import asyncio
import logging
import signal
import threading
from contextlib import ExitStack
from datetime import UTC, datetime

import msgspec
import typer
from rich.console import Console
from sqlalchemy import Engine

from api.app import create_app
from store.engine import durability_problem, open_engine
from store.evidence_service import SignedLog, signing
from store.migrations import is_current
from store.migrations import migrate as run_migrations
from stream_processors.bus.kafka import KafkaConsumer, KafkaPublisher
from stream_processors.faust_app import StreamWorker, build_app, run
from stream_processors.pipeline import Pipeline
from stream_processors.registry_source import RegistrySource
from stream_processors.retrying import retried
from stream_processors.state.redis import RedisState
from stream_processors.ticks import Ticker
from stream_processors.topics import SIGNALS
from stream_processors.worker import Worker
from stream_processors.writer import Writer
from stream_processors.writer_service import WriterService
from tracewarden.commands.refusals import refusals
from tracewarden.commands.up import log_to
from tracewarden.gathering_stage import gatherer_of, now_us, reminding
from tracewarden.installation import (
    ConfigurationError,
    database_url,
    evidence_folder,
    evidence_origin,
)
from tracewarden.outside.configured import outside_of
from tracewarden.outside.keeping import keep_anchored
from tracewarden.service import build_services, listen, server_for
from tracewarden.settings import Settings

logger = logging.getLogger(__name__)


def _settings(*needed: str) -> Settings:
    """The settings, of which those named must be there."""
    settings = Settings()
    log_to(Console(stderr=True), settings.log_level)
    for name in needed:
        if not getattr(settings, name):
            variable = f"TRACEWARDEN_{name.upper()}"
            raise ConfigurationError(f"{variable} is not set", field=variable)
    return settings


def migrate() -> None:
    """Bring the database to the newest schema."""
    with refusals():
        settings = _settings("database_url")
        engine = open_engine(settings.database_url)
        run_migrations(engine)
        engine.dispose()


def api() -> None:
    """Run the API and the console."""
    with refusals():
        settings = _settings("database_url", "kafka_bootstrap", "secret_key")
        asyncio.run(_api(settings))


async def _api(settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    publisher = KafkaPublisher(settings.kafka_bootstrap)
    await retried("connecting to Kafka", publisher.start, limit_s=settings.retry_limit_s)
    stopping = threading.Event()
    listener = listen(settings.api_host, settings.api_port)
    assert settings.secret_key is not None
    services = build_services(
        settings,
        engine,
        publisher,
        public_url=settings.public_url,
        secret_key=settings.secret_key.get_secret_value().encode(),
        keys=settings.key_folder,
        checks={"kafka": publisher.is_up},
        stopping=stopping,
    )
    ticker = Ticker(publisher, clock=lambda: datetime.now(UTC))
    ticker.start()
    try:
        await server_for(create_app(services), settings, stopping).serve(sockets=[listener])
    finally:
        await ticker.stop()
        await publisher.close()
        engine.dispose()


def worker() -> None:
    """Run a stream worker; as many as the topics have partitions may run."""
    with refusals():
        settings = _settings("database_url", "kafka_bootstrap", "redis_url")
        pipeline = Pipeline(
            open_engine(settings.database_url),
            RedisState(settings.redis_url),
            RegistrySource(settings.territory_index),
        )
        publisher = KafkaPublisher(settings.kafka_bootstrap)
        app = build_app(settings.kafka_bootstrap)
        StreamWorker(
            app,
            Worker(
                pipeline,
                publisher,
                retry_limit_s=settings.retry_limit_s,
                dead_letter_limit=settings.dead_letter_limit,
            ),
            publisher,
            retry_limit_s=settings.retry_limit_s,
            commit_lag_limit_s=settings.commit_lag_limit_s,
        )
    run(app, log_level=settings.log_level)


def writer() -> None:
    """Run the one writer of evidence and alerts; starting one fences off any other."""
    with refusals():
        settings = _settings("database_url", "kafka_bootstrap")
        asyncio.run(_writer(settings))


async def _writer(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = open_engine(settings.database_url)
    try:
        with ExitStack() as until_the_end:
            log = await _signed_log(settings, engine, until_the_end)
            await _write(settings, engine, log, stop)
    finally:
        engine.dispose()


async def _signed_log(settings: Settings, engine: Engine, until_the_end: ExitStack) -> SignedLog:
    """The log, compared with what was signed before any work is taken."""
    folder, origin = evidence_folder(None, settings), evidence_origin(settings)

    def opened() -> SignedLog:
        return until_the_end.enter_context(signing(engine, folder, origin))

    return await retried(
        "checking the log", lambda: asyncio.to_thread(opened), limit_s=settings.retry_limit_s
    )


async def _write(
    settings: Settings, engine: Engine, log: SignedLog, stop: asyncio.Event
) -> None:
    publisher = KafkaPublisher(settings.kafka_bootstrap)
    await retried("connecting to Kafka", publisher.start, limit_s=settings.retry_limit_s)
    consumer = KafkaConsumer(settings.kafka_bootstrap, "tracewarden-writer", (SIGNALS,))
    writes = Writer(engine, now_us)
    service = WriterService(
        writes,
        log,
        consumer,
        publisher,
        gather=gatherer_of(engine, writes, settings).step,
        remind=reminding(engine),
        retry_limit_s=settings.retry_limit_s,
    )
    anchoring = asyncio.create_task(
        keep_anchored(engine, outside_of(settings), settings.anchor_every_s)
    )
    try:
        await service.run(stop)
    finally:
        anchoring.cancel()
        await asyncio.gather(anchoring, return_exceptions=True)
        await consumer.close()
        await publisher.close()


def doctor() -> None:
    """Check every server that the settings name; exit 1 where one does not answer."""
    with refusals():
        settings = Settings()
        findings = asyncio.run(_examine(settings))
    for name, problem in findings.items():
        line = {"check": name, "ok": problem is None, "detail": problem or "answers"}
        typer.echo(msgspec.json.encode(line).decode())
    raise typer.Exit(1 if any(findings.values()) else 0)


async def _examine(settings: Settings) -> dict[str, str | None]:
    findings: dict[str, str | None] = {
        "database": await asyncio.to_thread(_examine_database, settings)
    }
    if settings.kafka_bootstrap:
        findings["kafka"] = await _examine_kafka(settings.kafka_bootstrap)
    if settings.redis_url:
        findings["redis"] = await asyncio.to_thread(_examine_redis, settings.redis_url)
    return findings


def _examine_database(settings: Settings) -> str | None:
    engine = open_engine(database_url(None, settings))
    try:
        if not is_current(engine):
            return "the schema is not the newest: run migrate"
        return durability_problem(engine)
    except Exception as error:
        return str(error).splitlines()[0]
    finally:
        engine.dispose()


async def _examine_kafka(bootstrap: str) -> str | None:
    publisher = KafkaPublisher(bootstrap, request_timeout_ms=5000)
    try:
        await publisher.start()
        await publisher.partitions_of(SIGNALS, [""])
    except Exception as error:
        return str(error)
    finally:
        await publisher.close()
    return None


def _examine_redis(url: str) -> str | None:
    return RedisState(url).problem()
