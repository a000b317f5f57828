"""The relay: takes what lies in the outbox to the bus, again and again until it is acknowledged."""

import asyncio
import logging
from collections import defaultdict

from sqlalchemy.exc import SQLAlchemyError

from api.services import Services
from store import outbox
from stream_processors.bus.port import BusUnavailableError

_log = logging.getLogger(__name__)

BATCH = 500
IDLE_S = 1.0
"""How often the outbox is looked at unasked: another process may have died with its rows."""
LONGEST_PAUSE_S = 10.0


class OutboxRelay:
    """A background task of the API; several processes may run one, since events are idempotent."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._woken.set()

    def start(self) -> None:
        """Begin relaying."""
        self._task = asyncio.create_task(self._run(), name="outbox-relay")

    async def stop(self) -> None:
        """End; what waits stays in the outbox for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def relay_once(self) -> int:
        """Publish the oldest waiting events, and return how many.

        Raises:
            BusUnavailableError: they were not acknowledged and wait on.
        """
        engine, clock = self._services.engine, self._services.clock
        events = await asyncio.to_thread(outbox.waiting, engine, BATCH)
        by_topic: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
        for event in events:
            by_topic[event.topic].append((event.subject, event.raw))
        for topic, pairs in by_topic.items():
            await self._services.publisher.publish(topic, pairs)
        if events:
            identities = [event.identity for event in events]
            await asyncio.to_thread(outbox.mark_published, engine, identities, clock())
        return len(events)

    async def _run(self) -> None:
        pause_s = IDLE_S
        while True:
            self._woken.clear()
            try:
                while await self.relay_once() == BATCH:
                    pass
                pause_s = IDLE_S
            except (BusUnavailableError, SQLAlchemyError) as error:
                _log.warning("the outbox waits %.0f s: %s", pause_s, error)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            try:
                await asyncio.wait_for(self._woken.wait(), IDLE_S)
            except TimeoutError:
                continue
