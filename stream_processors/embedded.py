"""The embedded runner: worker and writer on the SQLite queue, in the API's own process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from stream_processors.bus.port import Consumer
from stream_processors.retrying import retried
from stream_processors.worker import Worker
from stream_processors.writer_service import WriterService

logger = logging.getLogger(__name__)

RECORDS_AT_ONCE = 20
IDLE_S = 1.0


class EmbeddedRunner:
    """Runs until stopped. A fatal fault stops both, and is told through ``failed``."""

    def __init__(
        self,
        worker: Worker,
        consumer: Consumer,
        writer: WriterService,
        *,
        retry_limit_s: float,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._worker = worker
        self._consumer = consumer
        self._writer = writer
        self._retry_limit_s = retry_limit_s
        self._failed = failed
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to take work."""
        self._tasks = [
            asyncio.create_task(self._guarded(self._work())),
            asyncio.create_task(self._guarded(self._writer.run(self._stop))),
        ]

    @property
    def is_running(self) -> bool:
        """Whether work is being taken."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def stop(self) -> None:
        """Finish what is in hand and end; what was not acknowledged comes again."""
        self._stop.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work(self) -> None:
        await self._consumer.start()
        while not self._stop.is_set():
            records = await retried(
                "reading the queue",
                lambda: self._consumer.fetch(wait_s=IDLE_S, most=RECORDS_AT_ONCE),
                limit_s=self._retry_limit_s,
            )
            if records:
                await self._worker.handle(records)
                await self._consumer.commit()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as fault:
            logger.critical("fatal: nothing more is acknowledged", exc_info=True)
            self._stop.set()
            self._failed(fault)
