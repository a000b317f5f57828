"""In-place retry: a fault of the servers is waited out; what lasts longer ends the process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError

from stream_processors.bus.port import BusUnavailableError

logger = logging.getLogger(__name__)

FAULTS = (OperationalError, InterfaceError, BusUnavailableError)
"""What a restart or a lost connection of a server looks like. Anything else is a fault of the code:
it ends the process at once, and nothing is acknowledged."""

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0

T = TypeVar("T")


async def retried(what: str, call: Callable[[], Awaitable[T]], *, limit_s: float) -> T:
    """The call's result, tried again with growing pauses for up to ``limit_s`` seconds.

    Raises:
        The last fault, once the time is up.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    wait_s = FIRST_WAIT_S
    while True:
        try:
            return await call()
        except FAULTS as fault:
            if loop.time() + wait_s > deadline:
                raise
            logger.warning("%s: %s; again in %.1f s", what, _first_line(fault), wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
