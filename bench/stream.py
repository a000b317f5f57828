"""A worker's CPU seconds per million scans through the full pipeline, on real servers.

    .venv/bin/python -m bench.stream [--scans 40000] [--single 2000]

Measured are (a) ``tracewarden worker`` on records of 500 scans, (b) the same on records of one,
(c) a bare confluent-kafka loop that only decodes both, in the worker's own way: into the same typed
and checked events, all of a record in one go. A worker is warm before its clock starts, and what it
spends while idle is taken off. Only its own CPU counts, not that of the servers.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import redis
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from bench.stream_world import World, fill, make_world, records
from deploy.local import KafkaService, PostgresService, RedisService
from events.wire import decode_events
from stream_processors.administration import create_topics
from stream_processors.topics import SCANS

GROUP = "tracewarden"
PACKED = 500
WARM_SCANS = 20_000
"""So many until dealers' areas, each united out of its territories once, have nearly all been asked
for. After 4,000 that made the next 12,000 cost a sixth more."""
IDLE_S = 4.0
LIMIT_S = 600.0
AIM_PACKING, AIM_BARE = 8.0, 10.0


class Servers(NamedTuple):
    """The three, running."""

    kafka: KafkaService
    postgres: PostgresService
    redis: RedisService


@contextmanager
def servers() -> Iterator[Servers]:
    """A Kafka that syncs as in production, a PostgreSQL and a Redis, with one partition a topic."""
    found = Servers(KafkaService(quick=False), PostgresService(), RedisService())
    try:
        for service in found:
            service.start()
        create_topics(found.kafka.bootstrap, partitions=1, replication=1)
        yield found
    finally:
        for service in reversed(found):
            service.discard()


@dataclass(frozen=True)
class Spent:
    """Processor time in seconds: of all threads, and of the first one, which runs the event loop
    (reading events, publishing, Faust); storing and judging have threads of their own."""

    all_s: float
    loop_s: float

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.all_s - other.all_s, self.loop_s - other.loop_s)

    def __mul__(self, factor: float) -> "Spent":
        return Spent(self.all_s * factor, self.loop_s * factor)


def cpu_s(pid: int) -> Spent:
    """User and system time of a process so far."""
    process = Path(f"/proc/{pid}")
    return Spent(_ticks_s(process / "stat"), _ticks_s(process / "task" / str(pid) / "stat"))


def _ticks_s(stat: Path) -> float:
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def produce(bootstrap: str, values: list[bytes]) -> None:
    """Put records on ``scans``."""
    producer = Producer({
        "bootstrap.servers": bootstrap, "acks": "all", "compression.type": "lz4",
        "message.max.bytes": 8_000_000,
    })  # fmt: skip
    for value in values:
        producer.produce(SCANS, value, key=b"bench", partition=0)
        producer.poll(0)
    assert producer.flush(60) == 0, "not everything was acknowledged"


def end_of(bootstrap: str) -> int:
    """The offset behind the last record of ``scans``."""
    consumer = _consumer(bootstrap)
    _, high = consumer.get_watermark_offsets(TopicPartition(SCANS, 0), timeout=10)
    consumer.close()
    return int(high)


def _consumer(bootstrap: str) -> Consumer:
    return Consumer({
        "bootstrap.servers": bootstrap, "group.id": GROUP, "enable.auto.commit": False,
        "log_level": 0,
    })  # fmt: skip


def wait_committed(bootstrap: str, offset: int, worker: "subprocess.Popen[bytes]") -> None:
    """Wait until the worker has acknowledged everything before ``offset``."""
    consumer = _consumer(bootstrap)
    deadline = time.monotonic() + LIMIT_S
    while _committed(consumer) < offset:
        assert worker.poll() is None, f"the worker ended with {worker.returncode}"
        assert time.monotonic() < deadline, "the worker does not get through"
        time.sleep(0.1)
    consumer.close()


def _committed(consumer: Consumer) -> int:
    """What the group has acknowledged; -1 where it has not, or its coordinator just starts."""
    try:
        return int(consumer.committed([TopicPartition(SCANS, 0)], timeout=10)[0].offset)
    except KafkaException:
        return -1


def worker_cpu(found: Servers, world: World, scans: list[bytes], packed: int, log: Path) -> Spent:
    """CPU seconds per million scans of a worker with a fresh database and an empty Redis."""
    redis.Redis.from_url(found.redis.url).flushall()
    url = found.postgres.create_database()
    fill(url, world).dispose()
    bootstrap = found.kafka.bootstrap
    env = os.environ | {
        "TRACEWARDEN_DATABASE_URL": url,
        "TRACEWARDEN_KAFKA_BOOTSTRAP": bootstrap,
        "TRACEWARDEN_REDIS_URL": found.redis.url,
    }
    warm, measured = scans[:WARM_SCANS], scans[WARM_SCANS:]
    assert measured, f"more than {WARM_SCANS} scans are needed"
    command = [sys.executable, "-m", "tracewarden.cli", "worker"]
    with log.open("wb") as out:
        worker = subprocess.Popen(command, env=env, stdout=out, stderr=out)
    try:
        produce(bootstrap, records(warm, PACKED))
        wait_committed(bootstrap, end_of(bootstrap), worker)
        idle = _idle_share(worker.pid)
        began, before = time.monotonic(), cpu_s(worker.pid)
        produce(bootstrap, records(measured, packed))
        wait_committed(bootstrap, end_of(bootstrap), worker)
        spent = cpu_s(worker.pid) - before - idle * (time.monotonic() - began)
    except BaseException:
        sys.stderr.write(log.read_text(errors="replace")[-3000:])
        raise
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
    return spent * (1e6 / len(measured))


def _idle_share(pid: int) -> Spent:
    """CPU seconds a second that a warm worker spends on waiting."""
    before = cpu_s(pid)
    time.sleep(IDLE_S)
    return (cpu_s(pid) - before) * (1 / IDLE_S)


def bare_cpu(bootstrap: str, first: int, last: int) -> float:
    """CPU seconds per million scans of reading and decoding the records ``[first, last)``."""
    consumer = _consumer(bootstrap)
    consumer.assign([TopicPartition(SCANS, 0, first)])
    message = None
    while message is None or message.error():
        message = consumer.poll(1.0)
    consumer.seek(TopicPartition(SCANS, 0, first))
    began, seen, offset = time.process_time(), 0, first - 1
    while offset < last - 1:
        for message in consumer.consume(500, 1.0):
            value, at = message.value(), message.offset()
            if value is None or at is None or not offset < at < last:
                continue
            offset = at
            events = decode_events(value)
            assert events is not None, "a record of the bench is bad"
            seen += len(events)
    spent = time.process_time() - began
    consumer.close()
    return 1e6 * spent / seen


def measure(scans: int, single: int) -> dict[str, float]:
    """All four, and their ratios."""
    with servers() as found, tempfile.TemporaryDirectory() as folder:
        bootstrap = found.kafka.bootstrap
        world = make_world(Path(folder) / "world", scans)
        log = Path(folder) / "worker.log"
        packed = worker_cpu(found, world, world.scans, PACKED, log)
        one = worker_cpu(found, world, world.scans[: WARM_SCANS + single], 1, log)
        # Many times over, so that what a loop costs to start does not count.
        end = end_of(bootstrap)
        produce(bootstrap, records(world.scans, PACKED) * max(1, 100_000 // len(world.scans)))
        many = end_of(bootstrap)
        bare_packed = bare_cpu(bootstrap, end, many)
        produce(bootstrap, records(world.scans, 1))
        bare_one = bare_cpu(bootstrap, many, end_of(bootstrap))
    return {
        "scans": len(world.scans),
        "packed_cpu_s_per_million": round(packed.all_s, 1),
        "packed_event_loop_cpu_s_per_million": round(packed.loop_s, 1),
        "one_a_record_cpu_s_per_million": round(one.all_s, 1),
        "bare_packed_cpu_s_per_million": round(bare_packed, 2),
        "bare_one_cpu_s_per_million": round(bare_one, 2),
        "one_to_packed": round(one.all_s / packed.all_s, 2),
        "aim_one_to_packed": AIM_PACKING,
        "packed_to_bare_one": round(packed.all_s / bare_one, 2),
        "packed_to_bare_packed": round(packed.all_s / bare_packed, 2),
        "aim_packed_to_bare": AIM_BARE,
    }


def table(found: dict[str, float]) -> str:
    """The same for people."""
    return "\n".join(f"{name.replace('_', ' '):34} {value:>10}" for name, value in found.items())


def main() -> None:
    """Print the measurement as a line of JSON and a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scans", type=int, default=40_000, help="scans in packed records, the first ones to warm"
    )
    parser.add_argument("--single", type=int, default=2_000, help="scans one a record")
    options = parser.parse_args()
    found = measure(options.scans, options.single)
    print(json.dumps(found))
    print(table(found), file=sys.stderr)


if __name__ == "__main__":
    main()
