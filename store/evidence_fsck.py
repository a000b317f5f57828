"""Checking a whole log: every stored byte is hashed again and everything derived is compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from evidence.entry import NO_LEAF, id_hash, read_entry
from evidence.errors import EvidenceError
from evidence.tree import HALF_HEIGHT, Frontier, leaf_hash
from store.evidence_ids import BUCKETS, RUN_ENTRIES, covered, run_records, stored_records
from store.evidence_rows import NO_ID
from store.schema.evidence import evidence_entries, evidence_head, evidence_ids, evidence_nodes

PAGE_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the entry's index (none for the log as a whole) and what it is."""

    index: int | None
    problem: str
    detail: str

    def as_dict(self) -> dict[str, object]:
        """The finding as the command line prints it."""
        return {"index": self.index, "problem": self.problem, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class SignedSize:
    """What was signed outside the log: the tree's size and root."""

    size: int
    root: bytes


def fsck(conn: Connection, *signed: SignedSize) -> Iterator[Finding]:
    """Check the log from its first byte to its last; memory does not grow with it.

    Problems: ``entry-missing``, ``entry-out-of-place``, ``bytes-changed``,
    ``chain-broken``, ``leaf-hash-changed``, ``id-changed``, ``id-twice``, ``node-changed``,
    ``head-missing``,
    ``head-changed``, ``entry-beyond-head``, ``log-truncated``, ``signed-root-differs``,
    ``behind-checkpoint`` and ``storage-unreadable``.
    """
    check = _Check(signed)
    try:
        yield from check.entries(conn)
        yield from check.head(conn)
        yield from check.nodes(conn)
        yield from check.ids(conn)
    except DBAPIError as error:
        yield Finding(None, "storage-unreadable", str(error.orig))
    except (TypeError, ValueError) as error:
        # SQLite keeps a type with each value: a flipped bit makes a number nothing, or a text.
        yield Finding(None, "storage-unreadable", f"a value of another type: {error}")
    yield from check.checkpoint()


class _Check:
    """The walk over the entries: the tree of what is stored, and what it says on the way."""

    def __init__(self, signed: Sequence[SignedSize]) -> None:
        self.signed = signed
        self.frontier = Frontier()
        self.roots = {0: self.frontier.root()}
        self.wanted = {one.size for one in signed}
        self.counts: dict[int, int] = {}
        self.previous: tuple[bytes, bytes] = (NO_LEAF, NO_LEAF)
        self.next_index = 0
        self.run_ids = bytearray()
        self.first_half: float | None = None

    def entries(self, conn: Connection) -> Iterator[Finding]:
        for seq, key, leaf, data in _rows(conn):
            if seq != self.next_index:
                yield self._gap(seq)
            self.next_index = seq + 1
            # SQLite keeps a type with each value, so a flipped bit may turn bytes into a number.
            stored = data if isinstance(data, bytes) else repr(data).encode()
            actual = leaf_hash(stored)
            yield from self._entry(seq, key, leaf, stored, actual)
            yield from self._grow(conn, actual)
            yield from self._index(conn, key)
            self.previous = (leaf, actual)

    def _gap(self, seq: int) -> Finding:
        if seq == self.next_index + 1:
            return Finding(self.next_index, "entry-missing", "the entry is missing")
        if seq > self.next_index:
            detail = f"entries {self.next_index} to {seq - 1} are missing"
            return Finding(self.next_index, "entry-missing", detail)
        return Finding(seq, "entry-out-of-place", f"expected index {self.next_index}")

    def _entry(
        self, seq: int, key: bytes | None, leaf: bytes, data: bytes, actual: bytes
    ) -> Iterator[Finding]:
        try:
            entry = read_entry(data)
        except EvidenceError as error:
            yield Finding(seq, "bytes-changed", f"no entry: {error.detail}")
            return
        if leaf != actual:
            problem = "leaf-hash-changed" if entry.seq == seq else "bytes-changed"
            yield Finding(seq, problem, "the stored bytes and the stored leaf hash differ")
        if entry.seq != seq:
            yield Finding(seq, "entry-out-of-place", f"the entry says that it is {entry.seq}")
        elif entry.prev not in self.previous:
            yield Finding(seq, "chain-broken", "prev is not the hash of the entry before")
        if key != (None if entry.id is None else id_hash(entry.id)):
            yield Finding(seq, "id-changed", "the index of ids does not hold this entry's id")

    def _grow(self, conn: Connection, leaf: bytes) -> Iterator[Finding]:
        for level, position, value in self.frontier.append(leaf):
            self.counts[level] = position + 1
            row = conn.execute(_NODE, {"level": level, "position": position}).one_or_none()
            if row is None and level == 0 and position < self._first_half(conn):
                continue
            if row is None or row[0] != value:
                last = ((position + 1) << (8 * level or HALF_HEIGHT)) - 1
                detail = f"hash {position} of tile level {level} is not that of its entries"
                yield Finding(last, "node-changed", detail)
        if self.frontier.size in self.wanted:
            self.roots[self.frontier.size] = self.frontier.root()

    def _first_half(self, conn: Connection) -> float:
        """From where on roots of half tiles are kept: a log of before has none where it began."""
        if self.first_half is None:
            found = conn.execute(_FIRST_HALF).scalar()
            self.first_half = inf if found is None else found
        return self.first_half

    def _index(self, conn: Connection, key: bytes | None) -> Iterator[Finding]:
        """Compare a run of the index of ids with its entries' ids, which are those that they say
        where nothing else was found."""
        self.run_ids += key if isinstance(key, bytes) and len(key) == len(NO_ID) else NO_ID
        if self.next_index % RUN_ENTRIES:
            return
        ids, self.run_ids = bytes(self.run_ids), bytearray()
        if len(ids) != RUN_ENTRIES * len(NO_ID):
            return  # An entry is missing, and was named.
        stored = stored_records(conn, self.next_index // RUN_ENTRIES - 1)
        if stored and stored != list(enumerate(run_records(ids))):
            detail = f"the index of ids does not hold those of the {RUN_ENTRIES} entries up to here"
            yield Finding(self.next_index - 1, "id-changed", detail)

    def ids(self, conn: Connection) -> Iterator[Finding]:
        """Rows of the index that are too few or too many, and ids that stand twice."""
        runs = covered(conn) // RUN_ENTRIES
        rows = conn.execute(select(func.count()).select_from(evidence_ids)).scalar_one()
        if rows != BUCKETS * runs or runs > self.next_index // RUN_ENTRIES:
            detail = f"the index of ids has {rows} rows, and its last run is number {runs}"
            yield Finding(None, "id-changed", detail)
        for seq in conn.execute(_TWICE).scalars():
            yield Finding(seq, "id-twice", "an earlier entry has this id, too")

    def head(self, conn: Connection) -> Iterator[Finding]:
        row = conn.execute(select(evidence_head)).all()
        if not row:
            if self.frontier.size or any(self.wanted):
                yield Finding(None, "head-missing", "there is no head")
            return
        head = row[0]
        if len(row) > 1 or head.log != 1:
            yield Finding(None, "head-changed", "there is more than the one head")
        if head.size > self.next_index:
            detail = f"the head says {head.size} entries, {self.next_index} are stored"
            yield Finding(self.next_index, "log-truncated", detail)
        elif head.size < self.next_index:
            detail = f"the head says {head.size} entries, {self.next_index} are stored"
            yield Finding(head.size, "entry-beyond-head", detail)
        expected = {
            "last_leaf": self.previous[1],
            "frontier": self.frontier.to_bytes(),
            "root": self.frontier.root(),
        }
        for name, value in expected.items():
            if getattr(head, name) != value:
                detail = f"the head's {name} is not that of the stored entries"
                yield Finding(None, "head-changed", detail)

    def nodes(self, conn: Connection) -> Iterator[Finding]:
        # All columns are asked for: of a small log nothing else has read the hashes' column.
        for level, position, _ in conn.execute(select(evidence_nodes)):
            if not 0 <= position < self.counts.get(level, 0):
                detail = f"hash {position} of tile level {level} belongs to no entries"
                yield Finding(None, "node-changed", detail)

    def checkpoint(self) -> Iterator[Finding]:
        for signed in self.signed:
            if self.frontier.size < signed.size:
                detail = f"{signed.size} entries were signed, {self.frontier.size} are stored"
                yield Finding(self.frontier.size, "behind-checkpoint", detail)
            elif self.roots[signed.size] != signed.root:
                detail = f"the root of the first {signed.size} entries is not the one signed"
                yield Finding(None, "signed-root-differs", detail)


_NODE = select(evidence_nodes.c.hash).where(
    evidence_nodes.c.level == bindparam("level"), evidence_nodes.c.position == bindparam("position")
)
_FIRST_HALF = select(func.min(evidence_nodes.c.position)).where(evidence_nodes.c.level == 0)
_TWICE = (
    select(func.max(evidence_entries.c.seq))
    .where(evidence_entries.c.id_hash.is_not(None))
    .group_by(evidence_entries.c.id_hash)
    .having(func.count() > 1)
)


def _rows(conn: Connection) -> Iterator[tuple[int, bytes | None, bytes, object]]:
    """All rows in order of index, a page at a time."""
    query = select(evidence_entries).order_by(evidence_entries.c.seq).limit(PAGE_ROWS)
    page = conn.execute(query).all()
    while page:
        yield from page
        after = page[-1][0]
        page = conn.execute(query.where(evidence_entries.c.seq > after)).all()
