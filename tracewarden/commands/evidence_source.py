"""Which log an ``evidence`` command speaks of: a folder of its own, the embedded set, a server."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from evidence.errors import EvidenceError
from store.engine import open_engine, sqlite_url
from tracewarden.settings import Settings

DATABASE_FILE = "tracewarden.sqlite"


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
