"""The evidence log in database tables: appending inside the caller's transaction, and reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

from msgspec import Struct
from sqlalchemy import Connection, Dialect, Table, bindparam, func, insert, select, text, update

from evidence.entry import NO_LEAF, Draft, Entry, draft, id_hash
from evidence.errors import (
    EntryConflictError,
    EvidenceError,
    LogDamagedError,
    LogMovedError,
    ProofError,
)
from evidence.tree import (
    EMPTY_ROOT,
    TILE_HEIGHT,
    TILE_WIDTH,
    Frontier,
    TileNode,
    leaf_hash,
    parents,
    range_hash,
)
from store.evidence_fence import refuse_unguarded
from store.evidence_fsck import Finding, SignedSize, fsck
from store.schema.evidence import evidence_entries, evidence_head, evidence_nodes
from store.transactions import insert_new

# Statements are built once: building costs more than running them.
_HEAD = select(evidence_head).where(evidence_head.c.log == 1)
_HEAD_LOCKED = _HEAD.with_for_update()
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
_LEAVES = (
    select(evidence_entries.c.seq, evidence_entries.c.leaf_hash)
    .where(evidence_entries.c.seq >= bindparam("start"), evidence_entries.c.seq < bindparam("end"))
    .order_by(evidence_entries.c.seq)
)
_NODES = (
    select(evidence_nodes.c.position, evidence_nodes.c.hash)
    .where(
        evidence_nodes.c.level == bindparam("level"),
        evidence_nodes.c.position >= bindparam("start"),
        evidence_nodes.c.position < bindparam("end"),
    )
    .order_by(evidence_nodes.c.position)
)
_KNOWN = text(
    # All ids of a group in two parameters; each is looked up in the index of ids.
    "WITH RECURSIVE place(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM place WHERE i + 1 < :count) "
    "SELECT e.seq, e.id_hash, e.leaf_hash, e.data FROM place "
    "JOIN evidence_entries e ON e.id_hash = substr(:hashes, i * 32 + 1, 32)"
)


class Appended(Struct, frozen=True):
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


class StoredRow(Struct, frozen=True):
    """A row of the log as the database holds it."""

    index: int
    id_hash: bytes | None
    leaf_hash: bytes
    data: bytes


class EvidenceLog:
    """The log over a connection whose transaction the caller owns: nothing here commits.

    With an ``epoch`` (from :meth:`claim`) every append checks that no later writer has claimed the
    log; without one, that its writer has compared it with what was signed (``evidence_fence``).
    """

    def __init__(self, epoch: int | None = None) -> None:
        self.epoch = epoch

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
        outcomes = self._place(conn, [draft(entry) for entry in entries])
        for outcome in outcomes.answers:
            if isinstance(outcome, EvidenceError):
                raise outcome
        self._write(conn, outcomes)
        return [answer for answer in outcomes.answers if isinstance(answer, Appended)]

    def append_each(
        self, conn: Connection, entries: Sequence[Entry]
    ) -> list[Appended | EvidenceError]:
        """As :meth:`append`, but an entry that cannot be taken is answered and the rest go on."""
        drafts: list[Draft | EvidenceError] = []
        for entry in entries:
            try:
                drafts.append(draft(entry))
            except EvidenceError as error:
                drafts.append(error)
        outcomes = self._place(conn, drafts)
        self._write(conn, outcomes)
        return outcomes.answers

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
        keys = [_key(one) for one in drafts]
        placing = _Placing(head, self._known(conn, [key for key in keys if key is not None]))
        for one, key in zip(drafts, keys, strict=True):
            answer = one if isinstance(one, EvidenceError) else placing.take(one, key)
            placing.answers.append(answer)
        placing.grow()
        return placing

    def _known(self, conn: Connection, wanted: Sequence[bytes]) -> dict[bytes, StoredRow]:
        if not wanted:
            return {}
        found = conn.execute(_KNOWN, {"count": len(wanted), "hashes": b"".join(wanted)})
        return {row[1]: StoredRow(*row) for row in found}

    def _write(self, conn: Connection, placing: "_Placing") -> None:
        if not placing.rows:
            return
        _insert_many(conn, evidence_entries, placing.rows)
        if placing.nodes:
            _insert_many(conn, evidence_nodes, placing.nodes)
        frontier = placing.frontier
        self._swap(
            conn,
            placing.head,
            Head(frontier.size, placing.last_leaf, frontier, frontier.root(), placing.head.epoch),
        )

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
        query = select(evidence_entries).where(evidence_entries.c.id_hash == id_hash(identity))
        row = conn.execute(query).one_or_none()
        return None if row is None else StoredRow(*row)

    def tile_hashes(self, conn: Connection, level: int, start: int, end: int) -> list[bytes]:
        """Hashes ``[start, end)`` of a tile level: leaves at 0, roots of full tiles above.

        Raises:
            LogDamagedError: one of them is missing.
        """
        found = self.stored_hashes(conn, level, start, end)
        if len(found) != end - start:
            raise LogDamagedError(f"hashes of level {level} between {start} and {end} are missing")
        return found

    def stored_hashes(self, conn: Connection, level: int, start: int, end: int) -> list[bytes]:
        """As :meth:`tile_hashes`, up to the first that is missing."""
        values = {"start": start, "end": end}
        query, values = (_LEAVES, values) if level == 0 else (_NODES, values | {"level": level})
        rows = conn.execute(query, values).all()
        if rows and rows[0][0] == start and rows[-1][0] == start + len(rows) - 1:
            return [value for _, value in rows]
        whole = takewhile(lambda row: row[1][0] == start + row[0], enumerate(rows))
        return [value for _, (_, value) in whole]

    def nodes(self, conn: Connection) -> "TileReader":
        """A reader of full subtrees for roots and proofs; it keeps the tiles that it has read."""
        return TileReader(self, conn)

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


class TileReader:
    """Hashes of full subtrees, from stored tiles; each tile is read and hashed once, then kept."""

    def __init__(self, log: EvidenceLog, conn: Connection) -> None:
        self._log = log
        self._conn = conn
        self._tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        level, rest = divmod(height, TILE_HEIGHT)
        tile, place = divmod(index, TILE_WIDTH >> rest)
        heights = self._heights(level, tile)
        if rest >= len(heights) or place >= len(heights[rest]):
            raise LogDamagedError(f"hashes of tile {tile} of level {level} are missing")
        return heights[rest][place]

    def _heights(self, level: int, tile: int) -> list[list[bytes]]:
        """The tile's hashes, and above them those of the full subtrees over them, by height."""
        if (level, tile) not in self._tiles:
            start = tile * TILE_WIDTH
            heights = [self._log.stored_hashes(self._conn, level, start, start + TILE_WIDTH)]
            while len(heights[-1]) > 1:
                heights.append(parents(heights[-1][: len(heights[-1]) & ~1]))
            self._tiles[level, tile] = heights
        return self._tiles[level, tile]


class _Placing:
    """Entries on their way into the log: what is answered, and the rows to be written."""

    def __init__(self, head: Head, known: dict[bytes, StoredRow]) -> None:
        self.head = head
        self.frontier = head.frontier.copy()
        self.next_index = head.size
        self.last_leaf = head.last_leaf
        self.known = known
        self.answers: list[Appended | EvidenceError] = []
        self.rows: list[tuple[int, bytes | None, bytes, bytes]] = []
        self.leaves: list[bytes] = []
        self.nodes: list[TileNode] = []

    def take(self, one: Draft, key: bytes | None) -> Appended | EvidenceError:
        """Answer for an entry, and make its row where it is new; ``key`` is its id's hash."""
        earlier = None if key is None else self.known.get(key)
        if earlier is not None:
            return _again(one, earlier)
        index = self.next_index
        try:
            data = one.at(index, self.last_leaf)
        except EvidenceError as error:
            return error
        leaf = leaf_hash(data)
        self.rows.append((index, key, leaf, data))
        self.leaves.append(leaf)
        self.next_index, self.last_leaf = index + 1, leaf
        if key is not None:
            self.known[key] = StoredRow(index, key, leaf, data)
        return Appended(index, leaf, new=True)

    def grow(self) -> None:
        """Take the new rows into the tree; they are a batch, which is cheaper than one by one."""
        self.nodes += self.frontier.extend(self.leaves)


def _key(one: Draft | EvidenceError) -> bytes | None:
    if isinstance(one, EvidenceError) or one.id is None:
        return None
    return id_hash(one.id)


def _insert_many(conn: Connection, table: Table, rows: Sequence[Sequence[object]]) -> None:
    """Insert rows of values in the table's order, past SQLAlchemy's work on each parameter.

    Integers and bytes need no conversion for either driver, and that work is a fifth of an append.
    """
    statement, positional = _insert_text(table, conn.dialect)
    if positional:
        conn.exec_driver_sql(statement, list(rows))
    else:
        names = table.columns.keys()
        conn.exec_driver_sql(statement, [dict(zip(names, row, strict=True)) for row in rows])


@lru_cache(maxsize=16)
def _insert_text(table: Table, dialect: Dialect) -> tuple[str, bool]:
    """The statement in the driver's own form, and whether its parameters are positional."""
    compiled = insert(table).compile(dialect=dialect, column_keys=table.columns.keys())
    return str(compiled), compiled.positional


def _headless() -> LogDamagedError:
    return LogDamagedError("there are entries and no head")


def _again(one: Draft, earlier: StoredRow) -> Appended | EvidenceError:
    if one.stands_in(earlier.data):
        return Appended(earlier.index, earlier.leaf_hash, new=False)
    detail = f"the id stands at index {earlier.index} with another body"
    return EntryConflictError(detail, field="id")
