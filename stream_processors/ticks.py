"""Ticks: time passed. They are events like any other: published, stored, exported, replayed."""

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from events.model import Tick
from events.wire import encode_event
from stream_processors.bus.port import BusUnavailableError, Publisher
from stream_processors.topics import TICKS

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
_NAMESPACE = uuid.UUID("5f2b2f0e-7f53-4a6c-9c2b-5d6a0a4b7f11")


def tick_at(now: datetime) -> Tick:
    """The tick of the interval that ``now`` lies in: sent by several services, it counts once."""
    seconds = int(EVERY.total_seconds())
    mark = int(now.timestamp()) // seconds * seconds
    return Tick(event_id=f"tick-{uuid.uuid5(_NAMESPACE, str(mark))}", received_at=now)


class Ticker:
    """Sends a tick an interval until stopped; one that the bus does not take is left out."""

    def __init__(self, publisher: Publisher, clock: Callable[[], datetime]) -> None:
        self._publisher = publisher
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="ticker")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            tick = tick_at(self._clock())
            try:
                await self._publisher.publish(TICKS, [("tick", encode_event(tick))])
            except BusUnavailableError as error:
                logger.warning("a tick was not taken: %s", error)
            await asyncio.sleep(EVERY.total_seconds())
