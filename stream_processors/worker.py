"""A worker: records in; events stored, judgements and dead letters out; only then the ack."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence

from events.errors import TracewardenError
from stream_processors.bus.port import BusRecord, Publisher
from stream_processors.intake import Refused, all_of
from stream_processors.messages import encode_dead_letter, encode_judgement
from stream_processors.pipeline import Pipeline, Processed
from stream_processors.retrying import retried
from stream_processors.topics import DEAD_LETTERS, SIGNALS

logger = logging.getLogger(__name__)

RATIO_OVER = 1000
"""The share of bad events is that of the last so many."""
LEAST_SEEN = 100
"""Fewer events say nothing of a share."""


class TooManyDeadLettersError(TracewardenError):
    """Most of what comes is bad: rather halt than drain the topic."""

    type = "too-many-dead-letters"


class Worker:
    """Handles records. After ``handle`` has returned, they may be acknowledged; where it raises,
    they must not be, and the process has to end."""

    def __init__(
        self,
        pipeline: Pipeline,
        publisher: Publisher,
        *,
        retry_limit_s: float,
        dead_letter_limit: float,
    ) -> None:
        self._pipeline = pipeline
        self._publisher = publisher
        self._retry_limit_s = retry_limit_s
        self._dead_letter_limit = dead_letter_limit
        self._bad: deque[bool] = deque(maxlen=RATIO_OVER)
        self._in_hand: dict[int, float] = {}

    def busy_for(self, now: float) -> float:
        """Seconds since the oldest records in hand were taken; ``now`` by the monotonic clock."""
        return now - min(self._in_hand.values(), default=now)

    async def handle(self, records: Sequence[BusRecord]) -> None:
        """Take records through: store, judge, publish, then keep hot state.

        Raises:
            TooManyDeadLettersError: the share of bad events passed its limit.
        """
        mark = id(records)
        self._in_hand[mark] = time.monotonic()
        try:
            await self._handle(records)
        finally:
            del self._in_hand[mark]

    async def _handle(self, records: Sequence[BusRecord]) -> None:
        incoming, refused = all_of(records)
        self._watch_ratio(len(incoming), len(refused))
        processed = await retried(
            "storing and judging",
            lambda: asyncio.to_thread(self._pipeline.process, incoming),
            limit_s=self._retry_limit_s,
        )
        refused += [
            (_record_with(raw, records), Refused(raw, "event-conflict", reason))
            for raw, reason in processed.refused
        ]
        await retried(
            "publishing", lambda: self._publish(processed, refused), limit_s=self._retry_limit_s
        )
        await asyncio.to_thread(self._pipeline.keep, processed)

    async def _publish(
        self, processed: Processed, refused: Sequence[tuple[BusRecord, Refused]]
    ) -> None:
        said = [
            (
                judgement.subject,
                encode_judgement(judgement, processed.registry_revision),
            )
            for judgement in processed.judgements
        ]
        letters = [
            (f"{record.topic}/{record.partition}", encode_dead_letter(record, bad))
            for record, bad in refused
        ]
        if said:
            await self._publisher.publish(SIGNALS, said)
        if letters:
            await self._publisher.publish(DEAD_LETTERS, letters)

    def _watch_ratio(self, good: int, bad: int) -> None:
        self._bad.extend([False] * good + [True] * bad)
        if bad:
            logger.warning("%d bad events become dead letters", bad)
        if len(self._bad) >= LEAST_SEEN:
            share = sum(self._bad) / len(self._bad)
            if share > self._dead_letter_limit:
                raise TooManyDeadLettersError(
                    f"{share:.0%} of the last {len(self._bad)} events were bad"
                )


def _record_with(raw: bytes, records: Sequence[BusRecord]) -> BusRecord:
    """The record that holds an event; the first, where what was stored before is refused."""
    return next((record for record in records if raw in record.value), records[0])
