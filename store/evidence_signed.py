"""Appending to a log that somebody signs: what exports, erasures and anchors ask for."""

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from evidence.note import Note


class SignedAppend(Protocol):
    """A log to append to; ``LogWriter`` over a folder, ``SignedLog`` over a service's database."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for one reading transaction."""
        ...

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction; what it appends is signed once it is committed."""
        ...

    def seal(self) -> Note:
        """The signed checkpoint of all that was committed before this was called."""
        ...
