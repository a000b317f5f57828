"""The end-to-end scenario, from one source on both sets: all is judged as replay does."""

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from deploy.local import KafkaService, PostgresService, RedisService
from store.engine import open_engine
from store.evidence_log import EvidenceLog
from store.evidence_openings import find
from store.transactions import reading
from tests.integration.scenario import SCOPES, batches, make_world
from tests.integration.stacks import (
    GATHER_AFTER_S,
    PASSPHRASE,
    READY_S,
    Process,
    embedded_database,
    expected,
    is_healthy,
    post,
    run_command,
    settles,
    stored_events,
    wait_until,
)

SETTLE_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A running set: its address, its database, and how its commands are told about it."""

    def __init__(
        self, address: str, engine: Engine, data: list[str], env: dict[str, str]
    ) -> None:
        self.address = address
        self.engine = engine
        self.data = data
        self.env = env


@contextmanager
def running(processes: list[Process], found: Running) -> Iterator[Running]:
    try:
        for process in processes:
            process.start()
        wait_until("the API is healthy", lambda: is_healthy(found.address), limit_s=READY_S)
        yield found
    except BaseException:
        for process in processes:
            print(process.tail())
        raise
    finally:
        for process in processes:
            process.stop()
        found.engine.dispose()


@contextmanager
def embedded(folder: Path, world: Path) -> Iterator[Running]:
    data = folder / "data"
    shutil.copytree(world / "keys", data / "keys")
    env = {"TRACEWARDEN_KEY_PASSPHRASE": PASSPHRASE, "TRACEWARDEN_GATHER_AFTER_S": GATHER_AFTER_S}
    port = free_port()
    up = Process(folder, "up", ["up", "--data", str(data), "--port", str(port)], env)
    run_command(["load", str(world), "--data", str(data)], env)
    found = Running(
        f"http://127.0.0.1:{port}", embedded_database(data), ["--data", str(data)], env
    )
    with running([up], found) as it:
        yield it


@contextmanager
def on_servers(
    folder: Path, world: Path, kafka: KafkaService, url: str, redis: RedisService
) -> Iterator[Running]:
    port = free_port()
    env = {
        "TRACEWARDEN_DATABASE_URL": url,
        "TRACEWARDEN_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "TRACEWARDEN_KAFKA_PARTITIONS": "4",
        "TRACEWARDEN_REDIS_URL": redis.url,
        "TRACEWARDEN_GATHER_AFTER_S": GATHER_AFTER_S,
        "TRACEWARDEN_EVIDENCE_FOLDER": str(folder / "evidence"),
        "TRACEWARDEN_SECRET_KEY": "0123456789abcdef" * 3,
        "TRACEWARDEN_KEY_FOLDER": str(world / "keys"),
        "TRACEWARDEN_KEY_PASSPHRASE": PASSPHRASE,
        "TRACEWARDEN_API_PORT": str(port),
        "TRACEWARDEN_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    run_command(["migrate"], env)
    run_command(["topics", "create"], env)
    run_command(["load", str(world)], env)
    names = ["api", "writer", "worker", "worker"]
    processes = [Process(folder, f"{n}-{i}", [n], env) for i, n in enumerate(names)]
    found = Running(f"http://127.0.0.1:{port}", open_engine(url), [], env)
    with running(processes, found) as it:
        yield it


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world") / "recording", items=250)


def check(it: Running, world: Path, out: Path) -> None:
    """Post everything; then signals, alerts and evidence are those of replay."""
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    made = run_command(["access", "new", *it.data, "--name", "partner", *scopes], it.env)
    key = json.loads(made)["key"]
    for path, batch in batches(world):
        assert post(it.address, path, key, batch) == len(batch)
    unique = len({line_id(line) for line in (world / "events.jsonl").read_bytes().splitlines()})
    wait_until(
        "all events are stored", lambda: stored_events(it.engine) == unique, limit_s=SETTLE_S
    )
    found = expected(it.engine, out)
    assert len(found.signals) > 20
    assert found.cases
    settles(it.engine, found, limit_s=SETTLE_S, meanwhile=lambda: None)
    check_evidence(it.engine, found.signals)


def line_id(line: bytes) -> tuple[str, str, bool]:
    event = json.loads(line)
    is_error = bool(event.get("event", {}).get("errorDeclaration"))
    return event["kind"], event["event_id"], is_error


def check_evidence(engine: Engine, signals: list[dict[str, object]]) -> None:
    """The log is sound, and what it says holds, less what it takes back, is the effective set."""
    log = EvidenceLog()
    with reading(engine) as connection:
        assert list(log.fsck(connection)) == []
        size = log.head(connection).size
        bodies = [json.loads(row.data)["body"] for row in log.iterate(connection, 0, size)]
        said = [body for body in bodies if body["kind"] == "signal"]
        openings = find(connection, [body["content"]["commitment"] for body in said])
    holds: dict[str, dict[str, object]] = {}
    for body, opening in zip(said, openings, strict=True):
        signal = json.loads(opening.value_json)
        assert body["signal"].items() <= signal.items()
        if "withdraws" in signal:
            for withdrawn in signal["withdraws"]:
                del holds[withdrawn]
        else:
            holds[signal["signal_id"]] = signal
    assert sorted(holds) == sorted(str(signal["signal_id"]) for signal in signals)
    assert all(holds[str(signal["signal_id"])] == signal for signal in signals)


def test_the_embedded_set_judges_as_replay_does(world: Path, tmp_path: Path) -> None:
    with embedded(tmp_path, world) as it:
        check(it, world, tmp_path / "recorded")


def test_servers_judge_as_replay_does(
    world: Path,
    tmp_path: Path,
    own_kafka: KafkaService,
    postgres: PostgresService,
    database_url: str,
    redis_server: RedisService,
) -> None:
    with on_servers(tmp_path, world, own_kafka, database_url, redis_server) as it:
        check(it, world, tmp_path / "recorded")
