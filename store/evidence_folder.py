"""A log of its own in a folder: the same tables in one SQLite file, its public key beside it."""

import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import SQLAlchemyError

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, LogDamagedError, NoteError
from evidence.note import SigningKey, VerifierKey
from store.engine import open_engine, sqlite_url
from store.evidence_fsck import Finding, SignedSize
from store.evidence_guard import Guard, GuardError, replace_file, sync_folder
from store.evidence_keys import keys_since
from store.evidence_layout import show_runs, upgrade
from store.evidence_log import EvidenceLog
from store.schema.evidence import evidence_tables
from store.schema.metadata import metadata

DATABASE = "log.sqlite"
DIGEST = "log.sqlite.sha256"
PUBLIC_KEY = "public-key.txt"


class FolderError(EvidenceError):
    """The folder is no log, or is one already."""

    type = "log-folder"


@dataclass(frozen=True, slots=True)
class LogFolder:
    """``log.sqlite``, ``public-key.txt``, and after a clean end the database file's SHA-256.

    SQLite's pages hold bytes that belong to no entry. The digest covers those, too, so that a bit
    flipped anywhere in the folder is found; it is removed before the file is first changed.
    """

    path: Path
    guard: Guard

    @classmethod
    def at(cls, path: Path, private: Path | None = None) -> "LogFolder":
        """The folder and its private one, by default ``DIR.private`` beside it."""
        beside = Path(f"{str(path).rstrip('/')}.private")
        return cls(path, Guard(private or beside))

    @classmethod
    def create(cls, path: Path, private: Path | None, key: SigningKey) -> "LogFolder":
        """A new, empty log.

        Raises:
            FolderError, GuardError: there is one already.
        """
        folder = cls.at(path, private)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise FolderError(f"{path} is not empty", type="log-exists")
        path.mkdir(parents=True, exist_ok=True)
        Guard.create(folder.guard.folder, key)
        folder.database.touch()
        with folder._opened_as_it_is() as engine:
            metadata.create_all(engine, tables=evidence_tables)
        folder.write_digest()
        folder._write_public_key(key.verifier)
        sync_folder(path.parent)
        return folder

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / DATABASE

    def public_key(self) -> VerifierKey:
        """The log's verifier key.

        Raises:
            FolderError: the folder is no log.
            NoteError: the file is damaged.
        """
        try:
            text = (self.path / PUBLIC_KEY).read_bytes().decode("utf-8")
        except FileNotFoundError:
            raise FolderError(
                f"{self.path / PUBLIC_KEY} is missing", type="log-not-found"
            ) from None
        except UnicodeDecodeError:
            raise NoteError(f"{PUBLIC_KEY} is damaged", type="key-invalid") from None
        key = VerifierKey.parse(text.removesuffix("\n"))
        if f"{key}\n" != text:
            raise NoteError(f"{PUBLIC_KEY} is not as it was written", type="key-invalid")
        return key

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one reading transaction."""
        with self.opened() as engine, engine.connect() as conn:
            yield conn.execution_options(reads_only=True)

    @contextmanager
    def writing(self) -> Iterator[Engine]:
        """The database for the one writer; the digest goes first and comes back at a clean end.

        Raises:
            SecondWriterError: another process is writing.
        """
        with self.guard.writer():
            (self.path / DIGEST).unlink(missing_ok=True)
            sync_folder(self.path)
            with self._opened_as_it_is() as engine:
                upgrade(engine)
                yield engine
            self.write_digest()

    def signed_key(self) -> SigningKey:
        """The private key: that of ``public-key.txt``, or one that it was handed over to.

        Raises:
            GuardError: it is missing or another log's.
        """
        key = self.guard.key()
        if not self._leads_to(key.verifier):
            raise GuardError(f"{self.guard.folder} holds the key of another log")
        return key

    def name_key(self) -> None:
        """Bring ``public-key.txt`` up to date after a rotation; the caller is the one writer."""
        key = self.signed_key().verifier
        if key != self.public_key():
            self._write_public_key(key)

    def _write_public_key(self, key: VerifierKey) -> None:
        replace_file(self.path / PUBLIC_KEY, f"{key}\n".encode(), mode=0o644)

    def _leads_to(self, key: VerifierKey) -> bool:
        """Whether it is the key of ``public-key.txt``, or one that it was handed over to."""
        public = self.public_key()
        if key == public:
            return True
        with self.reading() as conn:
            return key in keys_since(conn, public)

    def refuse_cut(self) -> None:
        """Check that the file is as long as its header says, before anything is written to it.

        Raises:
            LogDamagedError: it was cut.
        """
        self._database_exists()
        if self._in_flight():
            return
        with self.database.open("rb") as file:
            header = file.read(32)
        size = self.database.stat().st_size
        page = int.from_bytes(header[16:18]) or 1
        page = 65_536 if page == 1 else page
        if len(header) < 32 or size < page * int.from_bytes(header[28:32]) or size % page:
            raise LogDamagedError(f"{DATABASE} was cut: {size} bytes are left")

    def write_digest(self) -> None:
        """Record the database file as it is; a reader that still has it open prevents that."""
        if not self._in_flight():
            replace_file(self.path / DIGEST, self._digest(), mode=0o644)

    def fsck(self) -> Iterator[Finding]:
        """Everything that is wrong with the folder and its log."""
        yield from self._fsck_files()
        signed = yield from self._fsck_guard()
        try:
            with self.reading() as conn:
                yield from EvidenceLog().fsck(conn, *([] if signed is None else [signed]))
        except (sqlite3.Error, SQLAlchemyError) as error:
            yield Finding(None, "storage-unreadable", str(getattr(error, "orig", None) or error))

    def _fsck_files(self) -> Iterator[Finding]:
        self._database_exists()
        digest = self.path / DIGEST
        if digest.exists() and not self._in_flight() and digest.read_bytes() != self._digest():
            yield Finding(None, "file-changed", f"{DATABASE} is not as it was closed")
        try:
            self.public_key()
        except NoteError as error:
            yield Finding(None, "public-key-changed", error.detail)

    def _fsck_guard(self) -> Generator[Finding, None, SignedSize | None]:
        """Compare with the private folder where there is one; an auditor's copy has none."""
        if not self.guard.folder.is_dir():
            return None
        try:
            if not self._leads_to(self.guard.key().verifier):
                yield Finding(None, "public-key-changed", "not the key that signs this log")
            signed = Checkpoint.parse(self.guard.last().text)
        except (NoteError, GuardError) as error:
            yield Finding(None, "private-folder-damaged", error.detail)
            return None
        return SignedSize(signed.size, signed.root)

    def _digest(self) -> bytes:
        with self.database.open("rb") as file:
            return f"{file_digest(file, 'sha256').hexdigest()}\n".encode()

    def _in_flight(self) -> bool:
        wal = self.database.with_name(DATABASE + "-wal")
        return wal.exists() and wal.stat().st_size > 0

    def _database_exists(self) -> None:
        if not self.database.is_file():
            raise FolderError(f"{self.database} is missing", type="log-not-found")

    @contextmanager
    def opened(self) -> Iterator[Engine]:
        """The database to read from, for as long as the block runs."""
        with self._opened_as_it_is() as engine:
            event.listen(engine, "connect", show_runs)
            yield engine

    @contextmanager
    def _opened_as_it_is(self) -> Iterator[Engine]:
        self._database_exists()
        engine = open_engine(sqlite_url(self.database))
        event.listen(engine, "connect", prepare)
        try:
            yield engine
        finally:
            engine.dispose()


def prepare(connection: object, _record: object) -> None:
    """64 MiB of pages: in memory, and in the journal before they are copied, so that a page which
    changes in many commits is copied once. What is erased is overwritten.
    """
    connection.execute("PRAGMA cache_size=-65536")  # type: ignore[attr-defined]
    connection.execute("PRAGMA wal_autocheckpoint=16384")  # type: ignore[attr-defined]
    connection.execute("PRAGMA secure_delete=ON")  # type: ignore[attr-defined]


def new_seed() -> bytes:
    """32 random bytes for a key."""
    return os.urandom(32)
