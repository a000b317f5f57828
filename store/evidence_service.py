"""The service's log under signature: in the service's database, guarded by a folder outside of it.

Within :func:`signing` a process is the one writer; with :func:`signed_before` a command appends and
signs beside it. The order is DESIGN.md's ('Proof'): entries
are committed with what they speak of, then read again, recomputed, signed, the signature swapped in
the folder, and published in the database for the API to read.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, NoteError
from evidence.note import Note, SigningKey, VerifierKey
from store.evidence_fence import Hold, holding
from store.evidence_fsck import Finding, SignedSize, fsck
from store.evidence_guard import Guard, GuardError
from store.evidence_keys import keys_since, rotate, settle
from store.evidence_log import EvidenceLog
from store.evidence_publishing import Published, publish, published
from store.evidence_sealing import Sealer, seal
from store.schema.evidence import evidence_checkpoint
from store.transactions import reading


class SignedLog:
    """Signs and publishes what is committed to the service's log."""

    def __init__(self, engine: Engine, sealer: Sealer, hold: Hold | None = None) -> None:
        self._engine = engine
        self._sealer = sealer
        self._hold = hold
        self._published: Note | None = None

    @property
    def verifier(self) -> VerifierKey:
        """The log's public key."""
        return self._sealer.verifier

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one reading transaction."""
        with reading(self._engine) as conn:
            yield conn

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction of the caller's own; what it appends is signed once it is committed."""
        with self._engine.begin() as conn:
            yield conn
        self.seal()

    def seal(self) -> Note:
        """Sign and publish what is committed; give the checkpoint.

        Raises:
            SecondWriterError: another process holds the log since its server was lost.
            LogBehindError, LogDamagedError: the log is not the one that was signed.
            OSError: the signature could not be made durable; the process must end.
        """
        if self._hold is not None and self._hold.was_lost():
            self._sealer.forget()
        note = seal(self._engine, self._sealer)
        if note != self._published:
            with self._engine.begin() as conn:
                publish(conn, note, self.verifier)
            self._published = note
        return note


@contextmanager
def signing(engine: Engine, folder: Path, origin: str) -> Iterator[SignedLog]:
    """The signed log, checked and with everything signed, for as long as the block runs.

    Args:
        engine: the service's database.
        folder: the private folder; made with a new key where the log was never signed.
        origin: the log's name, where a key must be made.

    Raises:
        SecondWriterError: another process signs this log.
        GuardError: the log was signed before, and the folder is not the one that remembers it.
        LogBehindError, LogDamagedError: the log is not the one that was signed.
    """
    guard = Guard(folder)
    guard.make_folder()
    with guard.writer():
        _ensure_key(engine, guard, origin)
        with reading(engine) as conn:  # Before anybody sees the log held.
            Sealer(EvidenceLog(), guard, guard.key()).check(conn)
        with holding(engine) as hold:
            settle(engine, guard)
            log = SignedLog(engine, Sealer(EvidenceLog(), guard, guard.key()), hold)
            log.seal()
            yield log


def signed_before(engine: Engine, folder: Path) -> Sealer:
    """What signs a service's log that was signed before; beside the writer, or without one.

    Raises:
        GuardError: the folder is not the one that remembers what was signed.
    """
    guard = Guard(folder)
    with reading(engine) as conn:
        if not guard.exists or published(conn) is None:
            raise GuardError(f"{folder} holds no key of this log: the writer makes it")
    return Sealer(EvidenceLog(), guard, guard.key())


def rotate_signed_log(engine: Engine, folder: Path, seed: bytes, at: str) -> None:
    """Hand a service's log over to the key of ``seed``, while its writer does not run.

    Raises:
        SecondWriterError: it runs.
        LogBehindError, LogDamagedError: the log is not the one that was signed.
    """
    guard = Guard(folder)
    with signing(engine, folder, "") as log:
        new = SigningKey.from_seed(log.verifier.name, seed)
        rotate(engine, guard, EvidenceLog(), new, at)


def fsck_service(conn: Connection, guard: Guard | None) -> Iterator[Finding]:
    """Everything that is wrong with a service's log, compared with what was signed and published.

    Problems beside those of the log: ``private-folder-damaged``, ``checkpoint-changed`` where what
    is published does not hold, and ``key-changed`` where no hand-over leads from its key to the
    one that signs.
    """
    last = None
    if guard is not None and guard.exists:
        try:
            last = guard.last()
        except (NoteError, GuardError) as error:
            yield Finding(None, "private-folder-damaged", error.detail)
    shown = published(conn)
    key = None if guard is None or last is None else guard.key().verifier
    note = yield from _fsck_published(conn, shown, key)
    signed = [Checkpoint.parse(one.text) for one in (last, note) if one is not None]
    yield from fsck(conn, *{SignedSize(one.size, one.root) for one in signed})


def _fsck_published(
    conn: Connection, shown: Published | None, signs: VerifierKey | None
) -> Generator[Finding, None, Note | None]:
    """The published note, where it holds under the key that it names."""
    if shown is None:
        if signs is not None:
            yield Finding(None, "checkpoint-changed", "nothing is published")
        return None
    try:
        # SQLite keeps a type with each value, which a flipped bit may change.
        if (type(shown.size), type(shown.note), type(shown.key)) != (int, bytes, str):
            raise NoteError("its values are of other types")
        # Whole rows: the number alone would be read from its index.
        if [row.log for row in conn.execute(select(evidence_checkpoint))] != [1]:
            raise NoteError("its row is not the one that there is")
        note, key = Note.parse(shown.note), VerifierKey.parse(shown.key)
        note.verified_by([key])
        if (str(note).encode(), str(key)) != (shown.note, shown.key):
            raise NoteError("it is not as it was written")
        if Checkpoint.parse(note.text).size != shown.size:
            raise NoteError("the size beside it is another")
        leads = signs is None or signs in keys_since(conn, key)
    except EvidenceError as error:
        yield Finding(None, "checkpoint-changed", error.detail)
        return None
    if not leads:
        yield Finding(None, "key-changed", "published under a key that is not the log's")
        return None
    return note


def _ensure_key(engine: Engine, guard: Guard, origin: str) -> None:
    if guard.exists:
        return
    with reading(engine) as conn:
        before = published(conn)
    if before is not None:
        detail = (
            f"the log was signed up to {before.size} entries, and {guard.folder}, "
            "which holds its key and last signature, is empty: bring it back"
        )
        raise GuardError(detail)
    Guard.create(guard.folder, SigningKey.from_seed(origin, os.urandom(32)))
