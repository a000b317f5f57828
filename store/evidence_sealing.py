"""Signing what is committed: read the new entries again, recompute, sign, compare and swap.

The order is DESIGN.md's ('Proof'). A crash in between leaves entries that are signed after the
restart; what was signed once is never signed otherwise.
"""

from binascii import hexlify
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol

from sqlalchemy import Connection, Engine

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError, LogBehindError, LogDamagedError, LogMovedError
from evidence.note import Note, SigningKey, VerifierKey
from evidence.tree import Frontier, leaf_hash
from store.evidence_log import EvidenceLog, Head
from store.evidence_rows import read_back
from store.transactions import reading

SWAP_ATTEMPTS = 10
PAGE_ROWS = 2048
"""Entries that are read again at once, and held in memory."""

Reading = Callable[[], AbstractContextManager[Connection]]
"""Gives a connection for one reading transaction."""


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

    def seal(self, reading: Reading) -> Note:
        """The signed checkpoint of the log as committed, durable in the store when this returns.

        Where another process signed meanwhile, it looks again. Each page is read in a transaction
        of its own: entries never change, and an open one would keep SQLite's journal from ending.

        Raises:
            LogBehindError, LogDamagedError: as :meth:`check`, or a stored byte has changed.
            LogMovedError: others were faster ten times.
        """
        for _ in range(SWAP_ATTEMPTS - 1):
            try:
                return self._seal_once(reading)
            except LogMovedError:
                self._note = None
        return self._seal_once(reading)

    def _seal_once(self, reading: Reading) -> Note:
        with reading() as conn:
            note = self.check(conn) if self._note is None else self._note
            head = self._log.head(conn)
            if head.size <= self._frontier.size:
                return self._unchanged(conn)
            page = _page(conn, self._frontier, head)
        frontier = self._frontier.copy()
        last = _grow(frontier, self._last_leaf, *page)
        while frontier.size < head.size:
            with reading() as conn:
                page = _page(conn, frontier, head)
            last = _grow(frontier, last, *page)
        if frontier.root() != head.root or last != head.last_leaf:
            raise LogDamagedError("the entries read again give another root than the head's")
        signed = self.sign(Checkpoint(self._key.name, frontier.size, frontier.root()))
        self._store.swap(note, signed)
        self._note, self._frontier, self._last_leaf = signed, frontier, last
        return signed

    def _unchanged(self, conn: Connection) -> Note:
        """The last note, where nothing was appended since."""
        note, head = self.check(conn), self._log.head(conn)
        if head.size > self._frontier.size:
            raise LogMovedError("another process signed a checkpoint meanwhile")
        if head.size < self._frontier.size:
            raise LogBehindError(f"{self._frontier.size} entries were signed, {head.size} are here")
        if head.root != self._frontier.root():
            raise LogDamagedError("the head's root is not the one signed")
        return note

    def sign(self, checkpoint: Checkpoint) -> Note:
        """A note over a checkpoint that was recomputed; for an earlier size, nothing is stored."""
        text = checkpoint.text()
        return Note(text, (self._key.sign(text),))

    def _check_origin(self, signed: Checkpoint) -> None:
        if signed.origin != self._key.name:
            raise EvidenceError(f"the signed checkpoint is of {signed.origin}", type="other-log")


def _page(conn: Connection, frontier: Frontier, head: Head) -> tuple[list[bytes], bytes]:
    """Entries behind the frontier, as they are stored."""
    return read_back(conn, frontier.size, min(frontier.size + PAGE_ROWS, head.size))


def _grow(frontier: Frontier, last: bytes, data: list[bytes], leaves: bytes) -> bytes:
    """Hash entries that were read again, and take them into the tree; give the last leaf's hash.

    Raises:
        LogDamagedError: the bytes are not those of the stored leaf hashes, or not in their place.
    """
    made, index = list[bytes](), frontier.size
    for one in data:
        if not one.endswith(b'"prev":"%b","seq":%d}' % (hexlify(last), index)):
            raise LogDamagedError(f"entry {index} is not what was appended")
        last = leaf_hash(one)
        made.append(last)
        index += 1
    if b"".join(made) != leaves:
        raise LogDamagedError(f"stored leaf hashes up to {index} are not those of the entries")
    frontier.extend(made)
    return last


def seal(engine: Engine, sealer: Sealer) -> Note:
    """Sign what is committed, see :meth:`Sealer.seal`."""
    return sealer.seal(partial(reading, engine))
