"""The Faust app: one agent a topic, each a few lines; what they do is in ``worker``.

Faust acknowledges when an event's context is left, even by an exception or a cancelled task, and it
acknowledges what it skips in a rebalance. Either loses data (docs/adr/0004). So agents take events
without automatic acks, acknowledge only what was handled, a guard refuses every other ack, and a
fatal fault ends the process where it stands.
"""

import asyncio
import gc
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import faust

from stream_processors.bus.kafka import MAX_RECORD_BYTES, KafkaPublisher
from stream_processors.bus.port import BusRecord
from stream_processors.retrying import retried
from stream_processors.topics import INPUTS
from stream_processors.worker import Worker

logger = logging.getLogger(__name__)

FATAL_EXIT = 70
WATCHDOG_EXIT = 75
WATCH_EVERY_S = 5.0
SESSION_TIMEOUT_S = 20.0
REQUEST_TIMEOUT_S = 40.0
POLL_INTERVAL_S = 300.0
GARBAGE_AFTER = 200_000
MOST_RECORDS, MOST_BYTES = 8, 4_000_000
"""So many records, or so much of them, are handled together where they wait already; nothing waits
for others to come."""


def build_app(bootstrap: str, *, group: str = "tracewarden") -> faust.App:
    """The app with the settings on which no loss depends left to chance."""
    brokers = ";".join(f"kafka://{address.strip()}" for address in bootstrap.split(","))
    return faust.App(
        group,
        broker=brokers,
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="tracewarden-faust-"),
        key_serializer="raw",
        value_serializer="raw",
        processing_guarantee="at_least_once",
        stream_wait_empty=True,
        stream_buffer_maxsize=8,
        stream_ack_cancelled_tasks=False,
        stream_ack_exceptions=False,
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        producer_acks=-1,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_RECORD_BYTES,
        broker_max_poll_records=64,
        broker_commit_every=1000,
        broker_commit_interval=0.5,
        broker_session_timeout=SESSION_TIMEOUT_S,
        broker_request_timeout=REQUEST_TIMEOUT_S,
        broker_heartbeat_interval=3.0,
        broker_max_poll_interval=POLL_INTERVAL_S,
    )


class StreamWorker:
    """A worker under Faust: agents on every input topic, the ack guard and the watchdog."""

    def __init__(
        self,
        app: faust.App,
        worker: Worker,
        publisher: KafkaPublisher,
        *,
        retry_limit_s: float,
        commit_lag_limit_s: float,
        end: Callable[[int], Any] = os._exit,
    ) -> None:
        self._app = app
        self._worker = worker
        self._publisher = publisher
        self._retry_limit_s = retry_limit_s
        self._commit_lag_limit_s = commit_lag_limit_s
        self._end = end
        self._connecting = asyncio.Lock()
        self._connected = False
        for topic in INPUTS:
            channel = app.topic(topic, key_serializer="raw", value_serializer="raw")
            app.agent(channel, name=f"agent-{topic}", concurrency=1)(self._agent)
        app.task(self._watch)

    async def _agent(self, stream: Any) -> AsyncIterator[None]:
        held: list[Any] = []
        async for event in stream.noack().events():
            held.append(event)
            if _has_room(held) and not stream.channel.queue.empty():
                continue  # more lies at hand, and a batch costs little more than a record
            await self._take(held)
            held = []
            yield

    async def _take(self, events: list[Any]) -> None:
        records = [_record_of(event.message) for event in events]
        try:
            await self._connect()
            await self._worker.handle(records)
        except asyncio.CancelledError:
            raise
        except BaseException:
            logger.critical("fatal at %s: nothing is acknowledged", records[0][:3], exc_info=True)
            self._end(FATAL_EXIT)
        for event in events:
            self._guard().handled.add((event.message.tp, event.message.offset))
            event.ack()

    async def _connect(self) -> None:
        async with self._connecting:
            if not self._connected:
                await retried(
                    "connecting to Kafka", self._publisher.start, limit_s=self._retry_limit_s
                )
                self._connected = True

    def _guard(self) -> "AckGuard":
        consumer: Any = self._app.consumer
        if not isinstance(consumer.ack, AckGuard):
            consumer.ack = AckGuard(consumer.ack)
        guard: AckGuard = consumer.ack
        return guard

    async def _watch(self) -> None:
        """End the process where records are in hand, or read and not committed, for too long."""
        self._guard()
        lag = CommitLag()
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            now = time.monotonic()
            stuck_s = max(self._worker.busy_for(now), lag.seconds(self._app.consumer, now))
            if stuck_s > self._commit_lag_limit_s:
                logger.critical("nothing was committed for %.0f s: ending", stuck_s)
                self._end(WATCHDOG_EXIT)


def _has_room(held: list[Any]) -> bool:
    size = sum(len(event.message.value or b"") for event in held)
    return len(held) < MOST_RECORDS and size < MOST_BYTES


def _record_of(message: Any) -> BusRecord:
    return BusRecord(
        message.topic, message.partition, message.offset, message.key, message.value or b""
    )


class AckGuard:
    """Stands before the consumer's ``ack`` and lets through only what was handled."""

    def __init__(self, ack: Callable[[Any], bool]) -> None:
        self._ack = ack
        self.handled: set[tuple[Any, int]] = set()

    def __call__(self, message: Any) -> bool:
        """Acknowledge the message if it was handled."""
        key = (message.tp, message.offset)
        if key not in self.handled:
            logger.info("not acknowledged, since not handled: %s", key)
            return False
        self.handled.discard(key)
        return self._ack(message)


class CommitLag:
    """For how long some partition has had records read beyond what was committed."""

    def __init__(self) -> None:
        self._since: dict[Any, tuple[int, float]] = {}

    def seconds(self, consumer: Any, now: float) -> float:
        """The longest time, in seconds, that a committed offset stood still behind its reader."""
        longest = 0.0
        for partition in consumer.assignment():
            read = consumer._read_offset.get(partition)
            committed = consumer._committed_offset.get(partition) or 0
            if read is None or committed > read:
                self._since.pop(partition, None)
                continue
            offset, since = self._since.get(partition, (committed, now))
            if offset != committed:
                since = now
            self._since[partition] = (committed, since)
            longest = max(longest, now - since)
        return longest


def run(app: faust.App, *, log_level: str) -> None:
    """Run until a signal says stop."""
    # A batch allocates by the hundred thousand and leaves no cycles: look for them less often.
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
    faust.Worker(app, loglevel=log_level, redirect_stdouts=False).execute_from_commandline()
