"""The ports keep their word whatever adapter stands behind them: one suite over both."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.local import KafkaService, RedisService
from events.wire import decode_record
from stream_processors.administration import create_topics
from stream_processors.bus.kafka import KafkaConsumer, KafkaPublisher
from stream_processors.bus.port import BusRecord, BusUnavailableError, Consumer, Publisher
from stream_processors.bus.queue import QueueConsumer, QueueFile, QueuePublisher
from stream_processors.state.port import HotState
from stream_processors.state.redis import RedisState
from stream_processors.state.sqlite import SqliteState

TOPIC = "ports-test"


class Bus(NamedTuple):
    """An adapter: how to make its publisher, and a consumer of a group."""

    publisher: Callable[[], Publisher]
    consumer: Callable[[str], Consumer]


@pytest.fixture(params=["queue", "kafka"])
def bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bus]:
    if request.param == "queue":
        file = QueueFile(tmp_path / "queue.sqlite")
        yield Bus(
            lambda: QueuePublisher(file), lambda group: QueueConsumer(file, group, (TOPIC,))
        )
        file.close()
        return
    kafka: KafkaService = request.getfixturevalue("kafka")
    create_topics(kafka.bootstrap, partitions=4, replication=1, names=(TOPIC,))
    yield Bus(
        lambda: KafkaPublisher(kafka.bootstrap),
        lambda group: KafkaConsumer(kafka.bootstrap, group, (TOPIC,)),
    )


def event(mark: str, number: int) -> tuple[str, bytes]:
    return f"{mark}-{number % 5}", json.dumps({"mark": mark, "number": number}).encode()


async def read_all(consumer: Consumer, mark: str, wanted: int) -> list[int]:
    """Numbers of the events with this mark, in the order read."""
    found: list[int] = []
    for _ in range(60):
        for record in await consumer.fetch(wait_s=0.5, most=50):
            found += numbers_in(record, mark)
        if len(found) >= wanted:
            break
    return found


def numbers_in(record: BusRecord, mark: str) -> list[int]:
    bodies = [json.loads(bytes(raw)) for raw in decode_record(record.value)]
    return [body["number"] for body in bodies if body.get("mark") == mark]


def run(scenario: Callable[[Publisher], Awaitable[None]], bus: Bus) -> None:
    async def with_publisher() -> None:
        publisher = bus.publisher()
        await publisher.start()
        try:
            await scenario(publisher)
        finally:
            await publisher.close()

    asyncio.run(with_publisher())


def test_what_was_published_is_read_once_in_order_by_key(bus: Bus) -> None:
    mark = uuid.uuid4().hex

    async def scenario(publisher: Publisher) -> None:
        batches = [[event(mark, 100 * b + i) for i in range(100)] for b in range(5)]
        await asyncio.gather(*(publisher.publish(TOPIC, batch) for batch in batches))
        consumer = bus.consumer(mark)
        await consumer.start()
        found = await read_all(consumer, mark, 500)
        await consumer.close()
        assert sorted(found) == list(range(500))
        for batch in range(5):
            for key in range(5):
                own = [n for n in found if n // 100 == batch and n % 5 == key]
                assert own == sorted(own)

    run(scenario, bus)


def test_what_was_not_acknowledged_comes_again(bus: Bus) -> None:
    mark = uuid.uuid4().hex

    async def scenario(publisher: Publisher) -> None:
        await publisher.publish(TOPIC, [event(mark, n) for n in range(10)])
        first = bus.consumer(mark)
        await first.start()
        assert len(await read_all(first, mark, 10)) == 10
        await first.close()
        second = bus.consumer(mark)
        await second.start()
        assert len(await read_all(second, mark, 10)) == 10
        await second.commit()
        await second.close()
        await publisher.publish(TOPIC, [event(mark, n) for n in range(10, 13)])
        third = bus.consumer(mark)
        await third.start()
        assert sorted(await read_all(third, mark, 3)) == [10, 11, 12]
        await third.close()

    run(scenario, bus)


def test_events_that_wait_together_share_records(bus: Bus) -> None:
    mark = uuid.uuid4().hex

    async def scenario(publisher: Publisher) -> None:
        await publisher.publish(TOPIC, [(mark, event(mark, n)[1]) for n in range(400)])
        consumer = bus.consumer(mark)
        await consumer.start()
        records = 0
        found = 0
        while found < 400:
            for record in await consumer.fetch(wait_s=2.0, most=500):
                numbers = numbers_in(record, mark)
                found, records = found + len(numbers), records + bool(numbers)
        await consumer.close()
        assert records <= 3

    run(scenario, bus)


def test_a_publisher_that_was_never_started_acknowledges_nothing() -> None:
    publisher = KafkaPublisher("127.0.0.1:1")
    with pytest.raises(BusUnavailableError):
        asyncio.run(publisher.publish(TOPIC, [("k", b"{}")]))


@pytest.fixture(params=["sqlite", "redis"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HotState]:
    adapter: HotState
    if request.param == "sqlite":
        adapter = SqliteState(tmp_path / "state.sqlite")
    else:
        redis: RedisService = request.getfixturevalue("redis_server")
        adapter = RedisState(redis.url)
    yield adapter
    adapter.close()


def test_hot_state_gives_what_was_put_last_and_none_for_the_rest(state: HotState) -> None:
    mark = uuid.uuid4().hex
    state.put({f"{mark}-a": b"1", f"{mark}-b": b"\x00\xff"})
    state.put({f"{mark}-a": b"2"})
    assert state.get([f"{mark}-b", f"{mark}-none", f"{mark}-a"]) == [b"\x00\xff", None, b"2"]
    assert state.get([]) == []


def test_hot_state_takes_more_keys_than_one_command_carries(state: HotState) -> None:
    mark = uuid.uuid4().hex
    values = {f"{mark}-{number}": str(number).encode() for number in range(2_500)}
    state.put(values)
    assert state.get(list(values)) == list(values.values())


def test_a_redis_that_is_away_counts_as_empty() -> None:
    away = RedisState("redis://127.0.0.1:1/0")
    away.put({"a": b"1"})
    assert away.get(["a", "b"]) == [None, None]
