"""In-place retry: a fault of the servers is waited out; what lasts longer ends the process."""

import asyncio
import logging
import sqlite3
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

_DISK = frozenset([sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB])
"""A disk that failed: after a failed fsync nobody knows what it holds, so nothing goes on. (A
database server that meets this ends by itself; clients see a lost connection, then what it
recovered.)"""

T = TypeVar("T")


async def retried(what: str, call: Callable[[], Awaitable[T]], *, limit_s: float) -> T:
    """The call's result, tried again with growing pauses for up to ``limit_s`` seconds.

    Raises:
        The last fault, once the time is up; one of the disk at once.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    wait_s = FIRST_WAIT_S
    while True:
        try:
            return await call()
        except FAULTS as fault:
            if is_of_the_disk(fault) or loop.time() + wait_s > deadline:
                raise
            logger.warning("%s: %s; again in %.1f s", what, _first_line(fault), wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def is_of_the_disk(fault: BaseException) -> bool:
    """Whether SQLite could not read or write its file; nothing is tried again after that."""
    code = getattr(getattr(fault, "orig", fault), "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DISK


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0]
