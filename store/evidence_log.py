"""The evidence log in database tables: appending inside the caller's transaction, and reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from msgspec import Struct
from sqlalchemy import Connection, bindparam, func, select, update

from evidence.entry import NO_LEAF, Draft, Entry, draft, draft_or_error, id_hash
from evidence.errors import (
    EntryConflictError,
    EvidenceError,
    LogDamagedError,
    LogMovedError,
    ProofError,
)
from evidence.tree import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash, range_hash
from store.evidence_fence import refuse_unguarded
from store.evidence_fsck import Finding, SignedSize, fsck
from store.evidence_ids import look_up, write_runs
from store.evidence_known_ids import End, KnownIds
from store.evidence_rows import (
    NO_ID,
    Hashes,
    NewRows,
    StoredRow,
    insert_nodes,
    insert_rows,
    read_hashes,
    rows_at,
)
from store.evidence_tree_reader import TileReader
from store.schema.evidence import evidence_entries, evidence_head
from store.transactions import insert_new

# Statements are built once: building costs more than running them.
_HEAD = select(evidence_head).where(evidence_head.c.log == 1)
_HEAD_LOCKED = _HEAD.with_for_update()
_HEAD_TYPES = [int, int, bytes, bytes, bytes]
_SWAP = (
    update(evidence_head)
    .where(
        evidence_head.c.log == 1,
        evidence_head.c.size == bindparam("old_size"),
        evidence_head.c.epoch == bindparam("old_epoch"),
    )
    .values({name: bindparam(name) for name in ("epoch", "size", "last_leaf", "frontier", "root")})
)
_ROWS = (
    select(evidence_entries)
    .where(evidence_entries.c.seq >= bindparam("start"), evidence_entries.c.seq < bindparam("end"))
    .order_by(evidence_entries.c.seq)
)


class Appended(Struct, frozen=True, gc=False):
    """Where an entry stands; ``new`` is false where it stood there before."""

    index: int
    leaf_hash: bytes
    new: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: number of leaves, the last one's hash, the tree, the writer's epoch."""

    size: int
    last_leaf: bytes
    frontier: Frontier
    root: bytes
    epoch: int


class EvidenceLog:
    """The log over a connection whose transaction the caller owns: nothing here commits.

    With an ``epoch`` (from :meth:`claim`) every append checks that no later writer has claimed the
    log; without one, that its writer has compared it with what was signed (``evidence_fence``).
    """

    def __init__(self, epoch: int | None = None) -> None:
        self.epoch = epoch
        self._known = KnownIds()

    def claim(self, conn: Connection) -> int:
        """Become the writer: raise the epoch, so that every earlier writer's append fails."""
        head = self.head(conn, lock=True)
        self.epoch = head.epoch + 1
        self._swap(conn, head, replace(head, epoch=self.epoch))
        return self.epoch

    def head(self, conn: Connection, *, lock: bool = False) -> Head:
        """The end of the log; of an empty one where nothing was appended yet.

        Raises:
            LogDamagedError: entries without a head, or a head that does not fit together.
        """
        row = conn.execute(_HEAD_LOCKED if lock else _HEAD).one_or_none()
        if row is None:
            return self._begin(conn, write=lock)
        # SQLite keeps a type with each value, which a flipped bit may change.
        if list(map(type, row[1:])) != _HEAD_TYPES:
            raise LogDamagedError("the head's values are of other types")
        frontier = Frontier.from_bytes(row.size, row.frontier)
        head = Head(row.size, row.last_leaf, frontier, row.root, row.epoch)
        if head.frontier.root() != head.root:
            raise LogDamagedError("the head's root is not that of its frontier")
        return head

    def append(self, conn: Connection, entries: Sequence[Entry]) -> list[Appended]:
        """Append entries in order; one that stands there already gives its earlier place.

        Raises:
            EntryError: an entry has no canonical form or is too large.
            EntryConflictError: an id stands there with another body.
            LogMovedError: another writer was faster, or this one's epoch is over.
            LogUnguardedError, LogBehindError, GuardError: the log may not grow here.
            LogDamagedError: the head does not fit together.
        In each case nothing of these entries is written.
        """
        placing = self._place(conn, [draft(entry) for entry in entries])
        for outcome in placing.answers:
            if isinstance(outcome, EvidenceError):
                raise outcome
        self._write(conn, placing)
        return [answer for answer in placing.answers if isinstance(answer, Appended)]

    def append_each(
        self, conn: Connection, entries: Sequence[Entry]
    ) -> list[Appended | EvidenceError]:
        """As :meth:`append`, but an entry that cannot be taken is answered and the rest go on."""
        return self.append_drafts(conn, [draft_or_error(entry) for entry in entries])

    def append_drafts(
        self, conn: Connection, drafts: Sequence[Draft | EvidenceError]
    ) -> list[Appended | EvidenceError]:
        """As :meth:`append_each`, of entries that were drafted before; an error is its answer."""
        placing = self._place(conn, drafts)
        self._write(conn, placing)
        return placing.answers

    def _begin(self, conn: Connection, *, write: bool) -> Head:
        """The head of a log that had none when it was looked for; others may begin it meanwhile."""
        if write:
            values = {"log": 1, "epoch": 0, "size": 0, "last_leaf": NO_LEAF, "frontier": b""}
            insert_new(conn, evidence_head, [values | {"root": EMPTY_ROOT}])
            head = self.head(conn, lock=True)
            if head.size == 0 and self._has_entries(conn):
                raise _headless()
            return head
        if not self._has_entries(conn):
            return Head(0, NO_LEAF, Frontier(), EMPTY_ROOT, 0)
        if conn.execute(_HEAD).one_or_none() is None:
            raise _headless()
        return self.head(conn)

    def _has_entries(self, conn: Connection) -> bool:
        return conn.execute(select(evidence_entries.c.seq).limit(1)).first() is not None

    def _place(self, conn: Connection, drafts: Sequence[Draft | EvidenceError]) -> "_Placing":
        head = self.head(conn, lock=True)
        if self.epoch is None:
            refuse_unguarded(conn, head.size, lambda size: self.root_at(conn, size))
        elif head.epoch != self.epoch:
            raise LogMovedError(f"a later writer (epoch {head.epoch}) has claimed the log")
        ids = [one.key for one in drafts if isinstance(one, Draft) and one.key is not None]
        places = self._known.places(conn, End(head.size, head.last_leaf), ids)
        placing = _Placing(head, rows_at(conn, places))
        placing.answers += [
            one if isinstance(one, EvidenceError) else placing.take(one) for one in drafts
        ]
        return placing

    def _write(self, conn: Connection, placing: "_Placing") -> None:
        rows, frontier = placing.rows, placing.head.frontier.copy()
        if not rows.leaves:
            return
        nodes = frontier.extend(rows.leaves)
        insert_rows(conn, rows)
        if nodes:
            insert_nodes(conn, nodes)
        self._known.appended(rows)
        write_runs(conn, frontier.size, since=rows.start)
        epoch, last = placing.head.epoch, rows.leaves[-1]
        self._swap(conn, placing.head, Head(frontier.size, last, frontier, frontier.root(), epoch))

    def _swap(self, conn: Connection, old: Head, new: Head) -> None:
        values = {
            "old_size": old.size, "old_epoch": old.epoch, "epoch": new.epoch, "size": new.size,
            "last_leaf": new.last_leaf, "frontier": new.frontier.to_bytes(), "root": new.root,
        }  # fmt: skip
        if conn.execute(_SWAP, values).rowcount != 1:
            raise LogMovedError("another writer moved the head")

    def rows(self, conn: Connection, start: int, end: int) -> list[StoredRow]:
        """The rows of ``[start, end)``, in order.

        Raises:
            LogDamagedError: one of them is missing.
        """
        found = [StoredRow(*row) for row in conn.execute(_ROWS, {"start": start, "end": end})]
        if [row.index for row in found] != list(range(start, end)):
            raise LogDamagedError(f"entries between {start} and {end} are missing")
        return found

    def find(self, conn: Connection, identity: str) -> StoredRow | None:
        """The entry of that id, if there is one."""
        key = id_hash(identity)
        rows = rows_at(conn, look_up(conn, [key]))
        return next((row for row in rows if row.id_hash == key), None)

    def tile_hashes(self, conn: Connection, level: int, start: int, end: int) -> list[bytes]:
        """Hashes ``[start, end)`` of a tile level: leaves at 0, roots of full tiles above.

        Raises:
            LogDamagedError: one of them is missing.
        """
        found = read_hashes(conn, [Hashes(level or None, start, end)])[0]
        if len(found) != HASH_BYTES * (end - start):
            raise LogDamagedError(f"hashes of level {level} between {start} and {end} are missing")
        return [found[at : at + HASH_BYTES] for at in range(0, len(found), HASH_BYTES)]

    def nodes(self, conn: Connection) -> TileReader:
        """A reader of full subtrees that believes stored tiles only, to compare with the head."""
        return TileReader(conn)

    def proving(self, conn: Connection) -> TileReader:
        """A reader of full subtrees for proofs, which others check: the head is believed, too."""
        return TileReader(conn, self.head(conn).frontier)

    def root_at(self, conn: Connection, size: int) -> bytes:
        """The root that the log had at an earlier size, from its stored hashes.

        Raises:
            ProofError: the log has not grown so far.
        """
        if size > self.head(conn).size or size < 0:
            raise ProofError(f"the log has no size {size}", field="size")
        return range_hash(0, size, self.nodes(conn))

    def fsck(self, conn: Connection, *signed: SignedSize) -> Iterator[Finding]:
        """Everything that is wrong with the log, as it is found; nothing where all is well."""
        return fsck(conn, *signed)

    def count(self, conn: Connection) -> int:
        """The number of rows, whatever the head says."""
        return conn.execute(select(func.count()).select_from(evidence_entries)).scalar_one()

    def iterate(
        self, conn: Connection, start: int, end: int, *, page: int = 1024
    ) -> Iterator[StoredRow]:
        """The rows of ``[start, end)``, ``page`` of them in memory at a time."""
        for first in range(start, end, page):
            yield from self.rows(conn, first, min(first + page, end))


class _Placing:
    """Entries on their way into the log: what is answered, and the rows to be written."""

    def __init__(self, head: Head, known: Sequence[StoredRow]) -> None:
        self.head = head
        self.known = {row.id_hash: row for row in known}
        self.answers: list[Appended | EvidenceError] = []
        self.rows = NewRows(head.size, [], [], [])
        self._last_leaf = head.last_leaf

    def take(self, one: Draft) -> Appended | EvidenceError:
        """Answer for an entry, and make its row where it is new."""
        key, rows = one.key, self.rows
        if key is not None and key in self.known:
            return _again(one, self.known[key])
        index = rows.start + len(rows.leaves)
        try:
            data = one.at(index, self._last_leaf)
        except EvidenceError as error:
            return error
        leaf = self._last_leaf = leaf_hash(data)
        rows.ids.append(key or NO_ID)
        rows.leaves.append(leaf)
        rows.data.append(data)
        if key is not None:
            self.known[key] = StoredRow(index, key, leaf, data)
        return Appended(index, leaf, True)


def _headless() -> LogDamagedError:
    return LogDamagedError("there are entries and no head")


def _again(one: Draft, earlier: StoredRow) -> Appended | EvidenceError:
    if one.stands_in(earlier.data):
        return Appended(earlier.index, earlier.leaf_hash, new=False)
    detail = f"the id stands at index {earlier.index} with another body"
    return EntryConflictError(detail, field="id")
