"""Appending to a log that somebody signs: what exports, erasures and anchors ask for."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from sqlalchemy import Connection, Engine

from evidence.errors import EvidenceError
from evidence.note import Note, VerifierKey
from store.evidence_log import EvidenceLog
from store.evidence_publishing import published
from store.transactions import reading

LONGEST_WAIT_S = 15.0
LOOKS_EVERY_S = 0.1


class SignedAppend(Protocol):
    """A log to append to: ``LogWriter`` over a folder, ``SignedLog`` and ``PublishedLog`` over a
    service's database."""

    @property
    def verifier(self) -> VerifierKey:
        """The log's public key."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for one reading transaction."""
        ...

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction; what it appends is signed once it is committed."""
        ...

    def seal(self) -> Note:
        """The signed checkpoint of all that was committed before this was called."""
        ...


class NotSignedError(EvidenceError):
    """Nobody signs the log: its writer does not run."""

    type = "log-not-signed"


class PublishedLog:
    """A service's log for a process without its key: it appends, and waits until the writer, which
    looks once a second, has signed."""

    def __init__(self, engine: Engine, *, wait_s: float = LONGEST_WAIT_S) -> None:
        self._engine = engine
        self._wait_s = wait_s

    @property
    def verifier(self) -> VerifierKey:
        """See ``SignedAppend``.

        Raises:
            NotSignedError: the log was never signed.
        """
        with self.reading() as conn:
            shown = published(conn)
        if shown is None:
            raise NotSignedError("the log was never signed")
        return VerifierKey.parse(shown.key)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See ``SignedAppend``."""
        with reading(self._engine) as conn:
            yield conn

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """See ``SignedAppend``."""
        with self._engine.begin() as conn:
            yield conn

    def seal(self) -> Note:
        """See ``SignedAppend``.

        Raises:
            NotSignedError: the writer has not signed within ``wait_s`` seconds.
        """
        with self.reading() as conn:
            size = EvidenceLog().head(conn).size
        deadline = time.monotonic() + self._wait_s
        while time.monotonic() < deadline:
            with self.reading() as conn:
                shown = published(conn)
            if shown is not None and shown.size >= size:
                return Note.parse(shown.note)
            time.sleep(LOOKS_EVERY_S)
        raise NotSignedError(f"nobody signed for {size} entries within {self._wait_s:g} s")
