"""``python -m deploy.local install | up | env | down``: the services from the command line."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from deploy.local import packages
from deploy.local.kafka import KafkaService, fetch_jars
from deploy.local.postgres import PostgresService
from deploy.local.redis import RedisService
from deploy.local.service import LocalService, ServiceError

STATE = Path(".services", "running.json")
"""Process id and settings of the ``up`` that runs in this folder."""


@dataclass(frozen=True)
class Running:
    """An ``up`` that runs: its process id, and the settings that lead to its services."""

    pid: int
    env: dict[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where it was done, 2 with one line on stderr where it could not be."""
    chosen = _parser().parse_args(arguments)
    try:
        match chosen.command:
            case "install":
                install()
            case "up":
                serve(chosen.data)
            case "env":
                for key, value in _running().env.items():
                    print(f"export {key}={value}")
            case "down":
                stop_other()
    except ServiceError as error:
        print(f"services: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help="install what the services and the tests need")
    up = commands.add_parser("up", help="start all three, until SIGINT or SIGTERM")
    up.add_argument(
        "--data", type=Path,
        help="keep their data in this folder, which the account `postgres` must reach",
    )
    commands.add_parser("env", help="print the running services as settings, for a shell's `eval`")
    commands.add_parser("down", help="stop the services that `up` started")
    return parser


def install() -> None:
    """Install the programs that are missing and fetch Kafka's jars."""
    packages.install_missing(packages.EVERY_PROGRAM)
    fetch_jars()


def serve(data: Path | None) -> None:
    """Start all three, say where they are, and stop them when told to."""
    if _other_runs():
        raise ServiceError("they run already in this folder; `down` stops them")
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    kafka = KafkaService(data and data.resolve() / "kafka")
    postgres = PostgresService(data and data.resolve() / "postgres")
    redis = RedisService(data and data.resolve() / "redis")
    services: list[LocalService] = [kafka, postgres, redis]
    try:
        for service in services:
            service.start()
        settings = {
            "TRACEWARDEN_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "TRACEWARDEN_DATABASE_URL": postgres.url,
            "TRACEWARDEN_REDIS_URL": redis.url,
        }
        STATE.parent.mkdir(exist_ok=True)
        STATE.write_text(json.dumps(asdict(Running(os.getpid(), settings))))
        STATE.chmod(0o600)
        for key, value in settings.items():
            print(f"export {key}={value}", flush=True)
        while all(service.is_running for service in services):
            time.sleep(0.2)
        ended = [service.name for service in services if not service.is_running]
        raise ServiceError(f"{', '.join(ended)} ended by itself")
    except KeyboardInterrupt:
        return
    finally:
        for service in reversed(services):
            service.discard()
        STATE.unlink(missing_ok=True)


def stop_other(patience_s: float = 60.0) -> None:
    """Tell the ``up`` of this folder to end, and wait until it has."""
    pid = _running().pid
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_s
    while STATE.exists() and _is_alive(pid):
        if time.monotonic() > deadline:
            raise ServiceError(f"process {pid} did not end within {patience_s:.0f} s")
        time.sleep(0.1)


def _running() -> Running:
    try:
        running = Running(**json.loads(STATE.read_text()))
    except FileNotFoundError:
        raise ServiceError("none run in this folder; `up` starts them") from None
    if not _is_alive(running.pid):
        STATE.unlink(missing_ok=True)
        raise ServiceError("the services that ran in this folder have died; `up` starts new ones")
    return running


def _other_runs() -> bool:
    try:
        return _running().pid > 0
    except ServiceError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
