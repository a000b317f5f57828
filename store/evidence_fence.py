"""The fence of a service's log: nobody appends to one that was not compared with what was signed.

The writer carries an epoch, which each of its commits checks. Others append what they did in
transactions of their own: steps on cases, exports, erasures, policies, keys. Without a fence they
would go on with a restored backup, whose writer refuses to start, and say that they logged it.

- **PostgreSQL**: the writer compares the log with its private folder and then holds a lock of its
  session as long as it lives. Whoever appends without an epoch looks for that lock in the same
  transaction. It also keeps out a second writer on another machine.
- **SQLite**: a process beside the writer knows the private folder and compares with it itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, LogBehindError
from store.engine import is_sqlite
from store.evidence_guard import Guard, GuardError, SecondWriterError
from store.evidence_publishing import published

PATIENCE_S = 5.0
"""Appends look for the lock by taking a share of it for an instant, which a writer waits out."""

_LOCK = int.from_bytes(b"evidence")
_HOLD = text(f"SELECT pg_try_advisory_lock({_LOCK})")
_IS_FREE = text(f"SELECT pg_try_advisory_xact_lock_shared({_LOCK})")
_ALIVE = text(
    "SELECT set_config('tcp_keepalives_idle', '10', false), "
    "set_config('tcp_keepalives_interval', '5', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)
"""The server gives the lock up 25 seconds after the writer's machine is gone, and not hours."""

_GUARD = "evidence_guard"


class LogUnguardedError(EvidenceError):
    """The log's writer does not run, so that nobody has compared the log with what was signed."""

    type = "log-unguarded"


UNGUARDED = (LogUnguardedError, LogBehindError, GuardError)
"""What an append meets where the log may not grow: a matter for the operator."""


def guard_by(engine: Engine, guard: Guard) -> Engine:
    """Have every append on an SQLite database compare the log with its private folder."""
    if is_sqlite(engine):
        engine.update_execution_options(**{_GUARD: guard})
    return engine


def refuse_unguarded(conn: Connection, size: int, root_at: Callable[[int], bytes]) -> None:
    """Check, within the transaction of an append that carries no epoch, that the log may grow.

    A log that was never signed may: nothing can be compared.

    Args:
        size: entries that the log holds now; ``root_at`` gives its root at an earlier size.

    Raises:
        LogUnguardedError: it was signed, and its writer does not run.
        LogBehindError: it is shorter than what was signed, or another one.
        GuardError: it was signed, and the folder that remembers it is missing.
    """
    if is_sqlite(conn):
        guard: Guard | None = conn.get_execution_options().get(_GUARD)
        if guard is not None:
            _compare(conn, guard, size, root_at)
    elif conn.execute(_IS_FREE).scalar_one() and published(conn) is not None:
        detail = "the log's writer does not run: start it, it compares the log with what was signed"
        raise LogUnguardedError(detail)


def _compare(
    conn: Connection, guard: Guard, size: int, root_at: Callable[[int], bytes]
) -> None:
    if not guard.exists:
        if published(conn) is not None:
            raise GuardError(f"the log was signed, and {guard.folder} is empty: bring it back")
        return
    signed = Checkpoint.parse(guard.last().text)
    if size < signed.size:
        detail = f"{signed.size} entries were signed and {size} are here: a restored backup?"
        raise LogBehindError(detail)
    if root_at(signed.size) != signed.root:
        detail = f"the first {signed.size} entries are not those that were signed"
        raise LogBehindError(detail, type="log-root-differs")


class Hold:
    """The writer's lock on a PostgreSQL database, in a session of its own; on SQLite nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._conn: Connection | None = None

    def take(self) -> None:
        """Hold the log.

        Raises:
            SecondWriterError: another process holds it, on this machine or another.
        """
        if is_sqlite(self._engine):
            return
        conn = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        conn.detach()  # A session of a pool would keep the lock when it is given back.
        conn.execute(_ALIVE)
        deadline = time.monotonic() + PATIENCE_S
        while not conn.execute(_HOLD).scalar_one():
            if time.monotonic() > deadline:
                conn.close()
                raise SecondWriterError("another process holds this log, here or elsewhere")
            time.sleep(0.05)
        self._conn = conn

    def was_lost(self) -> bool:
        """Whether the session had ended since; then the log is held anew.

        Raises:
            SecondWriterError: another process holds it by now.
        """
        if self._conn is None:
            return False
        try:
            self._conn.execute(text("SELECT 1"))
        except DBAPIError:
            self.release()
            self.take()
            return True
        return False

    def release(self) -> None:
        """End the session, and the lock with it."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None


@contextmanager
def holding(engine: Engine) -> Iterator[Hold]:
    """Hold the log for as long as the block runs.

    Raises:
        SecondWriterError: another process holds it.
    """
    hold = Hold(engine)
    hold.take()
    try:
        yield hold
    finally:
        hold.release()
