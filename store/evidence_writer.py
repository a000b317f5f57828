"""The one writer of a log folder: group commit, then the signature, then the answers."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from sqlalchemy import Connection, Engine

from evidence.entry import Draft, Entry, draft_or_error
from evidence.errors import EvidenceError
from evidence.note import Note, SigningKey, VerifierKey
from store.evidence_folder import LogFolder
from store.evidence_keys import rotate, settle
from store.evidence_log import Appended, EvidenceLog
from store.evidence_sealing import Sealer


class LogWriter:
    """Appends groups of entries; what it answers is durable and covered by a signed checkpoint.

    It writes on one connection and reads again on another: SQLite throws away what a connection
    has in memory when another one has written. One thread may commit while another seals.
    """

    def __init__(self, engine: Engine, folder: LogFolder, log: EvidenceLog, sealer: Sealer) -> None:
        self._engine = engine
        self._folder = folder
        self.log = log
        self._sealer = sealer
        self._writes = engine.connect()
        self._reads = engine.connect().execution_options(reads_only=True)

    def close(self) -> None:
        """Give the connections back."""
        self._writes.close()
        self._reads.close()

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
        with self._writes.begin():
            yield self._writes
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
        answers = self.commit([draft_or_error(entry) for entry in entries])
        self.seal()
        return answers

    def commit(self, drafts: Sequence[Draft | EvidenceError]) -> list[Appended | EvidenceError]:
        """Append a group in one transaction, durable when this returns, to be sealed next."""
        with self._writes.begin():
            return self.log.append_drafts(self._writes, drafts)

    def rotate(self, new: SigningKey, at: str) -> None:
        """Hand the log over to another key; this writer signs no more after that.

        Raises:
            LogBehindError, LogDamagedError: the log is not the one that was signed.
        """
        rotate(self._engine, self._folder.guard, self.log, new, at)
        self._folder.name_key()

    def seal(self) -> Note:
        """The signed checkpoint of what is committed."""
        return self._sealer.seal(self._reading_again)

    @contextmanager
    def _reading_again(self) -> Iterator[Connection]:
        with self._reads.begin():
            yield self._reads


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
        sealer = Sealer(log, folder.guard, folder.guard.key())
        with closing(LogWriter(engine, folder, log, sealer)) as writer:
            writer.start()
            yield writer
