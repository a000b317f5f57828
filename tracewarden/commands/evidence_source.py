"""Which log an ``evidence`` command speaks of: a folder of its own, the embedded set, a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from evidence.errors import EvidenceError
from store.engine import open_engine, sqlite_url
from store.evidence_folder import LogFolder
from store.evidence_signed import SignedAppend
from store.evidence_writer import open_writer
from tracewarden.settings import Settings

DATABASE_FILE = "tracewarden.sqlite"

Log = Annotated[Path | None, typer.Option("--log", help="Folder of a log of its own.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]
Private = Annotated[
    Path | None,
    typer.Option("--private", help="Folder of key and last signature; else DIR.private."),
]


class SourceError(EvidenceError):
    """There is no log where the command was told to look."""

    type = "log-not-found"


def database_url(data: Path | None) -> str:
    """The URL of the service's database: in the folder given, else the configured one.

    Raises:
        SourceError: the folder has no database, or nothing is configured.
    """
    settings = Settings()
    if data is None and settings.database_url:
        return settings.database_url
    folder = data or settings.data
    if folder is None:
        raise SourceError("give --data or --log, or set TRACEWARDEN_DATABASE_URL")
    file = folder / DATABASE_FILE
    if not file.is_file():
        raise SourceError(f"{file} does not exist")
    return sqlite_url(file)


@contextmanager
def reading_log(log: Path | None, data: Path | None) -> Iterator[Connection]:
    """A reading transaction on the log of its own, or else on the service's.

    Raises:
        EvidenceError: both are named, or there is none.
    """
    _refuse_both(log, data)
    if log is not None:
        folder = LogFolder.at(log)
        folder.public_key()
        with folder.reading() as conn:
            yield conn
    else:
        with reading(database_url(data)) as conn:
            yield conn


@contextmanager
def appending(log: Path | None, data: Path | None, private: Path | None) -> Iterator[SignedAppend]:
    """The log of its own, or else the service's, to append to.

    Raises:
        EvidenceError: both are named, or it cannot be written.
    """
    _refuse_both(log, data)
    if log is None:
        raise SourceError("not yet")
    with open_writer(LogFolder.at(log, private)) as writer:
        yield writer


def _refuse_both(log: Path | None, data: Path | None) -> None:
    if log is not None and data is not None:
        raise EvidenceError("give --log or --data, not both", type="usage")


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A connection for one reading transaction: what it sees does not change meanwhile."""
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(
            reads_only=True, **({} if url.startswith("sqlite") else _SNAPSHOT)
        ) as conn:
            yield conn
    finally:
        engine.dispose()


_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
