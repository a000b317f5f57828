"""Keeping the log anchored: others are asked again and again, and for an export at once."""

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from evidence.errors import EvidenceError
from store.evidence_anchors import anchors
from store.evidence_log import EvidenceLog
from store.evidence_signed import PublishedLog, SignedAppend
from tracewarden.outside.anchoring import Outside, anchor

_log = logging.getLogger(__name__)

LOOKS_EVERY_S = 60.0
SKEW_S = 300.0
"""A time stated further ahead of our clock than this tells nothing: one of the two is wrong."""


def asking(engine: Engine, outside: Outside) -> Callable[[], None]:
    """A call that has others sign for a service's log now; what fails is logged, not raised."""

    def ask() -> None:
        if not outside.is_empty:
            ask_now(PublishedLog(engine), outside)

    return ask


def ask_now(log: SignedAppend, outside: Outside) -> bool:
    """Ask everybody; whether what came back counts. A fault waits for the next time."""
    try:
        done = anchor(log, outside)
    except (EvidenceError, SQLAlchemyError) as error:
        _log.warning("the evidence log is not anchored: %s", error)
        return False
    for failure in done.failures:
        level = logging.ERROR if failure.type == "witness-ahead" else logging.WARNING
        _log.log(level, "anchoring: %s: %s", failure.type, failure.detail)
    return done.logged is not None and done.logged.anchor.counts


def is_due(log: SignedAppend, every_s: float, now_s: float) -> bool:
    """Whether nobody outside has signed for so long, as far as the times that they state hold."""
    with log.reading() as conn:
        counting = [one.anchor.at for one in anchors(conn, EvidenceLog()) if one.anchor.counts]
    return not any(now_s - every_s < at <= now_s + SKEW_S for at in counting)


async def keep_anchored(engine: Engine, outside: Outside, every_s: float) -> None:
    """A background task of the process that writes the log; ends at once with nobody to ask."""
    log = PublishedLog(engine)
    while not outside.is_empty:
        waits_s = min(every_s, LOOKS_EVERY_S)
        try:
            if await asyncio.to_thread(is_due, log, every_s, time.time()):
                # Whatever time was stated: with a wrong clock, too, not more often than asked for.
                waits_s = every_s if await asyncio.to_thread(ask_now, log, outside) else waits_s
        except (EvidenceError, SQLAlchemyError) as error:
            _log.warning("the evidence log is not anchored: %s", error)
        await asyncio.sleep(waits_s)
