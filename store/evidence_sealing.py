"""Signing what is committed: read the new entries again, recompute, sign, compare and swap.

The order is DESIGN.md's ('Proof'). A crash in between leaves entries that are signed after the
restart; what was signed once is never signed otherwise.
"""

from collections.abc import Iterable
from typing import Protocol

from sqlalchemy import Connection, Engine

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, LogBehindError, LogDamagedError, LogMovedError
from evidence.note import Note, SigningKey, VerifierKey
from evidence.tree import Frontier, leaf_hash
from store.evidence_log import EvidenceLog, StoredRow

SWAP_ATTEMPTS = 10


class SignedStore(Protocol):
    """Where the last signed checkpoint lives, outside the log."""

    def last(self) -> Note:
        """The last checkpoint, verified."""
        ...

    def is_last(self, note: Note) -> bool:
        """Whether that one, which the caller knows to be good, is still the last."""
        ...

    def swap(self, old: Note, new: Note) -> None:
        """Replace ``old`` by ``new`` durably, or raise ``LogMovedError``."""
        ...


class Sealer:
    """Signs the log's growth. It keeps the tree as far as signed, so that each entry is read once.

    Starting one is the check that a service makes before it takes work: the log must hold all that
    was signed.
    """

    def __init__(self, log: EvidenceLog, store: SignedStore, key: SigningKey) -> None:
        self._log = log
        self._store = store
        self._key = key
        self._note: Note | None = None
        self._frontier = Frontier()
        self._last_leaf = b""

    @property
    def verifier(self) -> VerifierKey:
        """The public key that the signatures hold under."""
        return self._key.verifier

    def forget(self) -> None:
        """Compare everything with what was signed again, since others may have had the log."""
        self._note = None

    def check(self, conn: Connection) -> Note:
        """Compare the log with what was signed, reading a few stored hashes; give the last note.

        Raises:
            LogBehindError: the log is shorter than what was signed, or another one.
            LogDamagedError: it does not fit together.
        """
        if self._note is not None and self._store.is_last(self._note):
            return self._note
        note = self._store.last()
        signed = Checkpoint.parse(note.text)
        self._check_origin(signed)
        size = self._log.head(conn).size
        if size < signed.size:
            detail = f"{signed.size} entries were signed and {size} are here: a restored backup?"
            raise LogBehindError(detail)
        frontier = Frontier.of(signed.size, self._log.nodes(conn))
        if frontier.root() != signed.root:
            detail = f"the first {signed.size} entries are not those that were signed"
            raise LogBehindError(detail, type="log-root-differs")
        last = self._log.tile_hashes(conn, 0, signed.size - 1, signed.size) if signed.size else []
        self._note, self._frontier = note, frontier
        self._last_leaf = last[0] if last else bytes(32)
        return note

    def seal(self, conn: Connection) -> Note:
        """The signed checkpoint of the log as committed, durable in the store when this returns.

        Raises:
            LogBehindError, LogDamagedError: as :meth:`check`, or a stored byte has changed.
            LogMovedError: another process signed meanwhile.
        """
        note = self.check(conn)
        head = self._log.head(conn)
        if head.size == self._frontier.size:
            if head.root != self._frontier.root():
                raise LogDamagedError("the head's root is not the one signed")
            return note
        frontier, last = self._reread(self._log.iterate(conn, self._frontier.size, head.size))
        if frontier.root() != head.root or last != head.last_leaf:
            raise LogDamagedError("the entries read again give another root than the head's")
        signed = self.sign(Checkpoint(self._key.name, frontier.size, frontier.root()))
        self._store.swap(note, signed)
        self._note, self._frontier, self._last_leaf = signed, frontier, last
        return signed

    def sign(self, checkpoint: Checkpoint) -> Note:
        """A note over a checkpoint that was recomputed; for an earlier size, nothing is stored."""
        text = checkpoint.text()
        return Note(text, (self._key.sign(text),))

    def _check_origin(self, signed: Checkpoint) -> None:
        if signed.origin != self._key.name:
            raise EvidenceError(f"the signed checkpoint is of {signed.origin}", type="other-log")

    def _reread(self, rows: Iterable[StoredRow]) -> tuple[Frontier, bytes]:
        frontier, last, leaves = self._frontier.copy(), self._last_leaf, list[bytes]()
        for row in rows:
            leaf = leaf_hash(row.data)
            place = b'"prev":"%b","seq":%d}' % (last.hex().encode(), row.index)
            if leaf != row.leaf_hash or not row.data.endswith(place):
                raise LogDamagedError(f"entry {row.index} is not what was appended")
            leaves.append(leaf)
            last = leaf
        frontier.extend(leaves)
        return frontier, last


def seal(engine: Engine, sealer: Sealer) -> Note:
    """Sign what is committed; where another process signed meanwhile, look again.

    Raises:
        LogMovedError: others were faster ten times.
        LogBehindError, LogDamagedError: the log is not the one that was signed.
    """
    for _ in range(SWAP_ATTEMPTS - 1):
        try:
            return _seal_once(engine, sealer)
        except LogMovedError:
            continue
    return _seal_once(engine, sealer)


def _seal_once(engine: Engine, sealer: Sealer) -> Note:
    with engine.connect() as conn:
        return sealer.seal(conn.execution_options(reads_only=True))
