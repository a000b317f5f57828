"""Making everything that is derived anew from the entries' bytes: leaf hashes, ids, tiles, head.

Entries are what the log is; all else can be computed from them. Nothing is written unless they are
whole: their chain holds, and they lead to the root that was signed.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from evidence.entry import NO_LEAF, Stored, id_hash, read_entry
from evidence.errors import EvidenceError, LogDamagedError
from evidence.tree import Frontier, TileNode
from store.evidence_fsck import PAGE_ROWS, SignedSize
from store.evidence_ids import write_runs
from store.schema.evidence import evidence_entries, evidence_head, evidence_ids, evidence_nodes

_ROW = evidence_entries.c.seq == bindparam("at")
_DERIVED = update(evidence_entries).where(_ROW).values(leaf_hash=bindparam("leaf"))
_ID = update(evidence_entries).where(_ROW).values(id_hash=bindparam("key"))


def rebuild(conn: Connection, signed: SignedSize) -> int:
    """Rebuild in the caller's transaction; give the number of entries.

    Raises:
        LogDamagedError: an entry is changed or missing, or they do not lead to what was signed.
    """
    conn.execute(delete(evidence_nodes))
    conn.execute(delete(evidence_ids))
    frontier, last, root = Frontier(), NO_LEAF, Frontier().root()
    for page in _pages(conn):
        for entry in page:
            _check_place(entry, frontier.size, last)
            nodes, last = frontier.append(entry.leaf_hash), entry.leaf_hash
            _insert_nodes(conn, nodes)
            if frontier.size == signed.size:
                root = frontier.root()
        conn.execute(_DERIVED, [{"at": one.seq, "leaf": one.leaf_hash} for one in page])
        conn.execute(_ID, [{"at": one.seq, "key": _key(one)} for one in page])
    if frontier.size < signed.size or (signed.size and root != signed.root):
        raise LogDamagedError(f"the entries do not lead to the root signed at {signed.size}")
    write_runs(conn, frontier.size)
    _write_head(conn, frontier, last)
    return frontier.size


def _pages(conn: Connection) -> Iterator[list[Stored]]:
    """The entries read strictly, a page at a time."""
    query = select(evidence_entries.c.seq, evidence_entries.c.data)
    query = query.order_by(evidence_entries.c.seq).limit(PAGE_ROWS)
    rows = conn.execute(query).all()
    while rows:
        yield [_read(seq, data) for seq, data in rows]
        rows = conn.execute(query.where(evidence_entries.c.seq > rows[-1][0])).all()


def _read(seq: int, data: bytes) -> Stored:
    try:
        entry = read_entry(data)
    except (EvidenceError, TypeError, AttributeError) as error:
        raise LogDamagedError(f"entry {seq} is changed: {error}") from None
    if entry.seq != seq:
        raise LogDamagedError(f"entry {entry.seq} stands at {seq}")
    return entry


def _check_place(entry: Stored, index: int, last: bytes) -> None:
    if entry.seq != index:
        raise LogDamagedError(f"entry {index} is missing")
    if entry.prev != last:
        raise LogDamagedError(f"entry {index} is not behind the one before it")


def _insert_nodes(conn: Connection, nodes: Sequence[TileNode]) -> None:
    if nodes:
        rows = [{"level": n.level, "position": n.position, "hash": n.hash} for n in nodes]
        conn.execute(insert(evidence_nodes), rows)


def _key(entry: Stored) -> bytes | None:
    return None if entry.id is None else id_hash(entry.id)


def _write_head(conn: Connection, frontier: Frontier, last: bytes) -> None:
    """The head, under the epoch after the one that it had, which fences every writer off."""
    epoch = conn.execute(select(evidence_head.c.epoch)).scalar() or 0
    conn.execute(delete(evidence_head))
    values = {
        "log": 1, "epoch": epoch + 1, "size": frontier.size, "last_leaf": last,
        "frontier": frontier.to_bytes(), "root": frontier.root(),
    }  # fmt: skip
    conn.execute(insert(evidence_head).values(values))
