"""Nothing is lost and nothing counts twice: processes killed, servers restarted, events shuffled.

The short form runs with every test run, the full one in ``make soak``.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.local import KafkaService, PostgresService, RedisService
from store.engine import open_engine
from stream_processors.bus.kafka import KafkaPublisher
from tests.integration.scenario import make_world
from tests.integration.stacks import (
    GATHER_AFTER_S,
    Process,
    expected,
    run_command,
    settles,
    stored_events,
    wait_until,
)
from tests.integration.test_end_to_end import check_evidence, line_id
from tracewarden.demo_world import key_and_topic

PARTITIONS = "4"


class Faults(NamedTuple):
    """How much of each; events are published in as many parts as there are faults, and one more."""

    items: int
    least_events: int
    worker_kills: int
    settle_s: float


SHORT = Faults(items=500, least_events=1_500, worker_kills=1, settle_s=150)
FULL = Faults(items=5_600, least_events=20_000, worker_kills=3, settle_s=900)


class Servers(NamedTuple):
    """Servers of this test's own: it breaks them."""

    kafka: KafkaService
    postgres: PostgresService
    redis: RedisService


@contextmanager
def servers_of_its_own() -> Iterator[Servers]:
    servers = Servers(KafkaService(), PostgresService(), RedisService())
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.discard()


def shuffled(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """Every tenth event twice, and all moved by up to some hundred places: within the lateness."""
    doubled = [line for index, line in enumerate(lines) for _ in range(2 if index % 10 == 0 else 1)]
    places = [(index + chance.uniform(0, 200), line) for index, line in enumerate(doubled)]
    return [line for _, line in sorted(places, key=lambda place: place[0])]


async def publish(bootstrap: str, lines: list[bytes]) -> None:
    """Publish, again and again until acknowledged: as any producer that loses nothing."""
    publisher = KafkaPublisher(bootstrap)
    await publisher.start()
    try:
        for start in range(0, len(lines), 50):
            by_topic: dict[str, list[tuple[str, bytes]]] = {}
            for line in lines[start : start + 50]:
                key, topic = key_and_topic(line)
                by_topic.setdefault(topic, []).append((key, line))
            for topic, keyed in by_topic.items():
                await publisher.publish(topic, keyed)
    finally:
        await publisher.close()


def survive(faults: Faults, folder: Path) -> None:
    """Publish a world part by part, with a fault after each; then compare with replay."""
    world = make_world(folder / "world", items=faults.items, seed=5)
    lines = (world / "events.jsonl").read_bytes().splitlines()
    assert len(lines) >= faults.least_events
    events = shuffled(lines, random.Random(1))
    with servers_of_its_own() as servers:
        url = servers.postgres.create_database()
        env = {
            "TRACEWARDEN_DATABASE_URL": url,
            "TRACEWARDEN_KAFKA_BOOTSTRAP": servers.kafka.bootstrap,
            "TRACEWARDEN_KAFKA_PARTITIONS": PARTITIONS,
            "TRACEWARDEN_REDIS_URL": servers.redis.url,
            "TRACEWARDEN_GATHER_AFTER_S": GATHER_AFTER_S,
            "TRACEWARDEN_EVIDENCE_FOLDER": str(folder / "evidence"),
        }
        for command in (["migrate"], ["topics", "create"], ["load", str(world)]):
            run_command(command, env)
        names = ["writer", "worker", "worker"]
        processes = [Process(folder, f"{name}-{i}", [name], env) for i, name in enumerate(names)]
        try:
            _through_faults(faults, servers, processes, events)
            _compare(faults, url, lines, processes, folder)
        except BaseException:
            for process in processes:
                print(process.tail())
            raise
        finally:
            for process in processes:
                process.stop()


def _through_faults(
    faults: Faults, servers: Servers, processes: list[Process], events: list[bytes]
) -> None:
    writer, *workers = processes
    for process in processes:
        process.start()

    def killed(process: Process) -> Callable[[], None]:
        def act() -> None:
            process.kill()
            process.start()

        return act

    def wiped() -> None:
        servers.redis.kill()
        servers.redis.wipe()
        servers.redis.start()

    acts = [killed(workers[i % 2]) for i in range(faults.worker_kills)]
    acts[1:1] = [servers.kafka.restart, killed(writer), wiped]
    size = len(events) // (len(acts) + 1) + 1
    for index in range(len(acts) + 1):
        part = events[index * size : (index + 1) * size]
        asyncio.run(publish(servers.kafka.bootstrap, part))
        if index < len(acts):
            acts[index]()
        for process in processes:
            process.keep_alive()


def _compare(
    faults: Faults, url: str, lines: list[bytes], processes: list[Process], folder: Path
) -> None:
    engine = open_engine(url)
    unique = len({line_id(line) for line in lines})

    def keep_alive() -> None:
        for process in processes:
            process.keep_alive()

    def is_stored() -> bool:
        keep_alive()
        return stored_events(engine) == unique

    wait_until("all events are stored", is_stored, limit_s=faults.settle_s)
    found = expected(engine, folder / "recorded")
    assert len(found.signals) > 20
    settles(engine, found, limit_s=faults.settle_s, meanwhile=keep_alive)
    check_evidence(engine, found.signals)
    engine.dispose()


@pytest.mark.real_parts
@pytest.mark.timeout(600)
def test_kills_restarts_and_a_wiped_redis_lose_nothing(tmp_path: Path) -> None:
    survive(SHORT, tmp_path)


@pytest.mark.soak
@pytest.mark.real_parts
def test_twenty_thousand_events_survive_every_fault(tmp_path: Path) -> None:
    survive(FULL, tmp_path)
