"""The writer as a service: reads ``signals``, commits, signs, and only then acknowledges."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from events.errors import EventError
from events.wire import decode_record
from store.evidence_service import SignedLog
from stream_processors.bus.port import BusRecord, Consumer, Publisher
from stream_processors.intake import Refused
from stream_processors.messages import JudgementMessage, decode_judgement, encode_dead_letter
from stream_processors.retrying import retried
from stream_processors.topics import DEAD_LETTERS
from stream_processors.writer import Writer

logger = logging.getLogger(__name__)

RECORDS_AT_ONCE = 100
IDLE_S = 1.0
GATHERS_EVERY_S = 1.0
REMINDS_EVERY_S = 60.0


class WriterService:
    """Runs one writer until it is told to stop."""

    def __init__(
        self,
        writer: Writer,
        log: SignedLog,
        consumer: Consumer,
        publisher: Publisher,
        *,
        gather: Callable[[], int],
        remind: Callable[[], int],
        retry_limit_s: float,
    ) -> None:
        self._writer = writer
        self._log = log
        self._consumer = consumer
        self._publisher = publisher
        self._gather = gather
        self._gathered_at = 0.0
        self._remind = remind
        self._reminded_at = float("-inf")
        self._retry_limit_s = retry_limit_s

    async def run(self, stop: asyncio.Event) -> None:
        """Fence earlier writers off, then take judgements.

        Raises:
            LogMovedError: a later writer has started.
        """
        await retried(
            "joining the bus", self._consumer.start, limit_s=self._retry_limit_s
        )
        epoch = await self._retried("claiming the log", self._writer.start)
        logger.info("this is the writer of epoch %d", epoch)
        while not stop.is_set():
            await self.step()
            await self.gather()
            await self.remind()

    async def step(self, *, wait_s: float = IDLE_S) -> int:
        """Take what has come, waiting for up to ``wait_s``; returns the number of records."""
        records = await retried(
            "reading signals",
            lambda: self._consumer.fetch(wait_s=wait_s, most=RECORDS_AT_ONCE),
            limit_s=self._retry_limit_s,
        )
        if not records:
            # Others append in their own transactions: steps on cases, exports, erasures, keys.
            await self._seal()
            return 0
        messages, letters = _read(records)
        if letters:
            await retried(
                "publishing dead letters",
                lambda: self._publisher.publish(DEAD_LETTERS, letters),
                limit_s=self._retry_limit_s,
            )
        await self._retried("committing judgements", lambda: self._writer.take(messages))
        await self._seal()
        await retried(
            "acknowledging signals", self._consumer.commit, limit_s=self._retry_limit_s
        )
        return len(records)

    async def gather(self) -> None:
        """Gather into cases what may be taken by now, at most once in a while."""
        if time.monotonic() - self._gathered_at < GATHERS_EVERY_S:
            return
        self._gathered_at = time.monotonic()
        if await self._retried("gathering judgements", self._gather):
            await self._seal()

    async def remind(self) -> None:
        """Remind of what is due by now, at most once in a while."""
        if time.monotonic() - self._reminded_at < REMINDS_EVERY_S:
            return
        self._reminded_at = time.monotonic()
        if await self._retried("reminding of what is due", self._remind):
            await self._seal()

    async def _seal(self) -> None:
        await self._retried("signing the log", self._log.seal)

    async def _retried(self, what: str, call: Callable[[], Any]) -> Any:
        return await retried(
            what, lambda: asyncio.to_thread(call), limit_s=self._retry_limit_s
        )


def _read(records: list[BusRecord]) -> tuple[list[JudgementMessage], list[tuple[str, bytes]]]:
    """The judgements, and dead letters for what is none."""
    messages: list[JudgementMessage] = []
    letters: list[tuple[str, bytes]] = []
    for record in records:
        try:
            messages += [decode_judgement(raw) for raw in decode_record(record.value)]
        except EventError as error:
            bad = Refused(record.value, error.type, error.detail)
            letters.append((record.topic, encode_dead_letter(record, bad)))
    return messages, letters
