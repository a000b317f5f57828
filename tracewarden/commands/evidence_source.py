"""Which log an ``evidence`` command speaks of: a folder of its own, the embedded set, a server."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError, ProgrammingError

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError
from evidence.note import Note, VerifierKey
from store.engine import open_engine, sqlite_url
from store.evidence_folder import LogFolder
from store.evidence_fsck import SignedSize
from store.evidence_guard import Guard, SecondWriterError
from store.evidence_log import EvidenceLog
from store.evidence_rebuild import rebuild
from store.evidence_sealing import Sealer, seal
from store.evidence_service import SignedLog, rotate_signed_log, signed_before, signing
from store.evidence_signed import SignedAppend
from store.evidence_writer import open_writer
from store.migrations import is_current
from tracewarden.installation import ConfigurationError, EmbeddedFolder, evidence_folder
from tracewarden.settings import Settings

Log = Annotated[Path | None, typer.Option("--log", help="Folder of a log of its own.")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded set.")]
Private = Annotated[
    Path | None,
    typer.Option("--private", help="Folder of key and last signature; else DIR.private."),
]


class SourceError(EvidenceError):
    """There is no log where the command was told to look."""

    type = "log-not-found"


@dataclass(frozen=True, slots=True)
class Signed:
    """A reading connection, the signed checkpoint of what it holds at least, and what signs."""

    conn: Connection
    note: Note
    key: VerifierKey
    sign: Callable[[Checkpoint], Note]


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
        raise SourceError("give --log or --data, or set TRACEWARDEN_DATABASE_URL")
    file = EmbeddedFolder(folder).database
    if not file.is_file():
        raise SourceError(f"{file} does not exist")
    return sqlite_url(file)


@contextmanager
def service_database(data: Path | None) -> Iterator[Engine]:
    """The service's database.

    Raises:
        SourceError: nothing is configured; or what the work asks for is not in a schema so old.
    """
    engine = open_engine(database_url(data))
    try:
        yield engine
    except (OperationalError, ProgrammingError) as error:
        if is_current(engine):
            raise
        reason = "the database has an older schema: run migrate, or start up on it once"
        raise SourceError(reason, type="schema-behind") from error
    finally:
        engine.dispose()


@contextmanager
def opened(log: Path | None, data: Path | None, private: Path | None) -> Iterator[Engine]:
    """The database of the log in question.

    Raises:
        EvidenceError: both folders are given.
        FolderError, SourceError: there is no log there.
    """
    refuse_both(log, data)
    source = service_database(data) if log is None else LogFolder.at(log, private).opened()
    with source as engine:
        yield engine


@contextmanager
def reading_log(log: Path | None, data: Path | None) -> Iterator[Connection]:
    """A reading transaction on the log of its own, or else on the service's.

    Raises:
        EvidenceError: both are named, or there is none.
    """
    if log is not None:
        LogFolder.at(log).public_key()
    with opened(log, data, None) as engine, reading(engine) as conn:
        yield conn


@contextmanager
def appending(log: Path | None, data: Path | None, private: Path | None) -> Iterator[SignedAppend]:
    """The log of its own, or else the service's beside its writer, to append to.

    Raises:
        EvidenceError: both are named, or it cannot be written.
    """
    refuse_both(log, data)
    if log is not None:
        with open_writer(LogFolder.at(log, private)) as writer:
            yield writer
    else:
        folder = private_folder(data, private)
        with service_database(data) as engine, ExitStack() as block:
            sealer = signed_before(engine, folder)
            try:
                signed = block.enter_context(signing(engine, folder, ""))
            except SecondWriterError:  # Then beside it.
                signed = SignedLog(engine, sealer)
            yield signed


def refuse_both(log: Path | None, data: Path | None) -> None:
    """One log at a time."""
    if log is not None and data is not None:
        raise EvidenceError("give --log or --data, not both", type="usage")


def private_folder(data: Path | None, private: Path | None) -> Path:
    """The private folder of the service's log.

    Raises:
        ConfigurationError: nothing says where it is.
    """
    return private or evidence_folder(data, Settings())


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for one reading transaction: what it sees does not change meanwhile."""
    snapshot = {} if engine.dialect.name == "sqlite" else _SNAPSHOT
    with engine.connect().execution_options(reads_only=True, **snapshot) as conn:
        yield conn


_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


@contextmanager
def signed(log: Path | None, data: Path | None, private: Path | None) -> Iterator[Signed]:
    """The log with all that is committed signed.

    Raises:
        GuardError: the private folder is missing or another log's.
        LogBehindError, LogDamagedError: the log is not the one that was signed.
    """
    with opened(log, data, private) as engine:
        sealer = _sealer(engine, log, data, private)
        note = seal(engine, sealer)
        with reading(engine) as conn:
            yield Signed(conn, note, sealer.verifier, sealer.sign)


def _sealer(engine: Engine, log: Path | None, data: Path | None, private: Path | None) -> Sealer:
    if log is None:
        return signed_before(engine, private_folder(data, private))
    folder = LogFolder.at(log, private)
    return Sealer(EvidenceLog(), folder.guard, folder.signed_key())


def service_guard(data: Path | None, private: Path | None) -> Guard | None:
    """The private folder of the service's log; none where nothing says where it is."""
    try:
        return Guard(private_folder(data, private))
    except ConfigurationError:
        return None


def rebuild_log(log: Path | None, data: Path | None, private: Path | None) -> int:
    """Rebuild what is derived from the entries; give their number.

    Raises:
        SecondWriterError: the log's writer runs.
        LogDamagedError: the entries themselves are not whole, or not what was signed.
    """
    refuse_both(log, data)
    if log is not None:
        folder = LogFolder.at(log, private)
        with folder.writing() as engine, engine.begin() as conn:
            return rebuild(conn, signed_by(folder.guard))
    guard = Guard(private_folder(data, private))
    with guard.writer(), service_database(data) as engine, engine.begin() as conn:
        return rebuild(conn, signed_by(guard))


def signed_by(guard: Guard) -> SignedSize:
    """The size and root that were signed last."""
    last = Checkpoint.parse(guard.last().text)
    return SignedSize(last.size, last.root)


def rotate_service(data: Path | None, private: Path | None, at: str) -> VerifierKey:
    """Hand the service's log over to a new key; give that one.

    Raises:
        SecondWriterError: the writer runs.
        GuardError: the private folder is missing or another log's.
    """
    folder = private_folder(data, private)
    with service_database(data) as engine:
        signed_before(engine, folder)
        rotate_signed_log(engine, folder, os.urandom(32), at)
        with signing(engine, folder, "") as log:
            return log.verifier
