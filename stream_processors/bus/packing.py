"""Packing: events of one partition that wait together travel in one record.

Nothing waits on purpose. While a record is under way, what comes for its partition gathers and
makes up the next one; when idle, an event is sent at once.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from events.wire import encode_record
from stream_processors.bus.port import BusUnavailableError

MOST_EVENTS = 500
MOST_BYTES = 900_000


class Bucket(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class _Caller:
    """Who waits until all of its events are settled: one future, however many they are."""

    def __init__(self, events: int, done: asyncio.Future[None]) -> None:
        self.done = done
        self._left = events
        self._failure: BusUnavailableError | None = None

    def settle(self, failure: BusUnavailableError | None = None) -> None:
        """One event was sent, or was not."""
        self._left -= 1
        self._failure = self._failure or failure
        if self._left or self.done.done():
            return
        if self._failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(self._failure)


class _Waiting(NamedTuple):
    key: str
    event: bytes
    caller: _Caller


class PackingPublisher(ABC):
    """What both adapters share; they say which partition a key has, and send a record."""

    def __init__(self) -> None:
        self._waiting: dict[Bucket, deque[_Waiting]] = {}
        self._senders: dict[Bucket, asyncio.Task[None]] = {}

    @abstractmethod
    async def partitions_of(self, topic: str, keys: Sequence[str]) -> list[int]:
        """The partition on which events of each key lie."""

    @abstractmethod
    async def send(self, bucket: Bucket, key: str, record: bytes) -> None:
        """Send a record; return once it is durable.

        Raises:
            BusUnavailableError: it was not acknowledged.
        """

    async def publish(self, topic: str, events: Sequence[tuple[str, bytes]]) -> None:
        """See ``Publisher.publish``."""
        if not events:
            return
        partitions = await self.partitions_of(topic, [key for key, _ in events])
        caller = _Caller(len(events), asyncio.get_running_loop().create_future())
        for (key, event), partition in zip(events, partitions, strict=True):
            bucket = Bucket(topic, partition)
            self._waiting.setdefault(bucket, deque()).append(_Waiting(key, event, caller))
            if bucket not in self._senders:
                self._senders[bucket] = asyncio.create_task(self._send_all(bucket))
        await caller.done

    async def _send_all(self, bucket: Bucket) -> None:
        """Send until nothing waits for this partition."""
        try:
            while self._waiting[bucket]:
                batch = _take(self._waiting[bucket])
                await self._send_batch(bucket, batch)
        finally:
            del self._senders[bucket]

    async def _send_batch(self, bucket: Bucket, batch: list[_Waiting]) -> None:
        try:
            record = encode_record(waiting.event for waiting in batch)
            await self.send(bucket, batch[0].key, record)
        except BaseException as error:
            failure = (
                error
                if isinstance(error, BusUnavailableError)
                else BusUnavailableError(f"{type(error).__name__}: {error}")
            )
            for waiting in batch:
                waiting.caller.settle(failure)
            if not isinstance(error, Exception):
                raise
            return
        for waiting in batch:
            waiting.caller.settle()

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._senders:
            await asyncio.gather(*self._senders.values(), return_exceptions=True)


def _take(waiting: deque[_Waiting]) -> list[_Waiting]:
    """As many as fit into one record, at least one."""
    batch = [waiting.popleft()]
    size = len(batch[0].event)
    while waiting and len(batch) < MOST_EVENTS and size + len(waiting[0].event) < MOST_BYTES:
        size += len(waiting[0].event)
        batch.append(waiting.popleft())
    return batch
