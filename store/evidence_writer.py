"""The one writer of a log folder: group commit, then the signature, then the answers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from evidence.entry import Entry
from evidence.errors import EvidenceError
from evidence.note import Note, SigningKey, VerifierKey
from store.evidence_folder import LogFolder
from store.evidence_keys import rotate, settle
from store.evidence_log import Appended, EvidenceLog
from store.evidence_sealing import Sealer, seal


class LogWriter:
    """Appends groups of entries; what it answers is durable and covered by a signed checkpoint."""

    def __init__(
        self, engine: Engine, folder: LogFolder, log: EvidenceLog, sealer: Sealer
    ) -> None:
        self._engine = engine
        self._folder = folder
        self.log = log
        self._sealer = sealer

    @property
    def verifier(self) -> VerifierKey:
        """The log's public key."""
        return self._sealer.verifier

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one reading transaction."""
        with self._engine.connect() as conn:
            yield conn.execution_options(reads_only=True)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the caller's own; what it appends is signed once it is committed."""
        with self._engine.begin() as conn:
            yield conn
        self.seal()

    def start(self) -> None:
        """Check the log against what was signed, fence earlier writers, sign what a crash left.

        Raises:
            LogBehindError, LogDamagedError: the log is not the one that was signed.
        """
        with self.reading() as conn:
            self._sealer.check(conn)
        with self._engine.begin() as conn:
            self.log.claim(conn)
        self.seal()

    def append(self, entries: Sequence[Entry]) -> list[Appended | EvidenceError]:
        """Append a group in one transaction; an answer for each entry, in order."""
        with self.transaction() as conn:
            return self.log.append_each(conn, entries)

    def rotate(self, new: SigningKey, at: str) -> None:
        """Hand the log over to another key; this writer signs no more after that.

        Raises:
            LogBehindError, LogDamagedError: the log is not the one that was signed.
        """
        rotate(self._engine, self._folder.guard, self.log, new, at)
        self._folder.name_key()

    def seal(self) -> Note:
        """The signed checkpoint of what is committed."""
        return seal(self._engine, self._sealer)


@contextmanager
def open_writer(folder: LogFolder) -> Iterator[LogWriter]:
    """The writer of a folder, for as long as the block runs.

    Raises:
        SecondWriterError: there is one already.
        LogBehindError, LogDamagedError: the log is not the one that was signed.
    """
    folder.refuse_cut()
    folder.signed_key()
    with folder.writing() as engine:
        settle(engine, folder.guard)
        folder.name_key()
        log = EvidenceLog()
        writer = LogWriter(engine, folder, log, Sealer(log, folder.guard, folder.guard.key()))
        writer.start()
        yield writer
