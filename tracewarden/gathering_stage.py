"""The wiring of the second stage: a gatherer beside the one writer, and what reminds of cases."""

import os
import time
from collections.abc import Callable

from sqlalchemy import Engine

from store.case_reminders import remind
from stream_processors.gatherer import Gatherer
from stream_processors.writer import Writer
from tracewarden.settings import Settings


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000


def gatherer_of(engine: Engine, writer: Writer, settings: Settings) -> Gatherer:
    """What gathers on behalf of the writer."""
    hold_back_us = round(settings.gather_after_s * 1_000_000)
    return Gatherer(engine, writer, now_us, hold_back_us=hold_back_us, entropy=os.urandom)


def reminding(engine: Engine) -> Callable[[], int]:
    """What reminds of deadlines that have passed."""
    return lambda: remind(engine, now_us(), os.urandom)
