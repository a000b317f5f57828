"""The index of ids: where in the log an id may stand, written a run at a time.

An id is looked up by its SHA-256, which falls anywhere, so that an index of rows would have a page
of it changed for nearly every entry of a large log. Instead each ``RUN_ENTRIES`` entries the ids of
that run are written at once, as ``BUCKETS`` rows: one for each first byte of the hash. A row holds
records of ten bytes in ascending order, the hash's first eight and the entry's place in the run.

The entries are what counts: records say where to look, and whose id stands there is read from the
entry's row. What no run covers yet is looked for among the entries themselves.
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, func, insert, select

from evidence.errors import LogDamagedError
from evidence.tree import HASH_BYTES
from store.evidence_rows import read_ids
from store.schema.evidence import evidence_entries, evidence_ids

RUN_ENTRIES = 8192
"""A run's ids fill about 80 KiB; what no run covers yet is read in a few milliseconds."""

BUCKETS = 256
_KEY_BYTES = 8
_RECORD = np.dtype([("key", ">u8"), ("place", ">u2")])

_RUNS = select(func.max(evidence_ids.c.run)).where(evidence_ids.c.bucket == 0)
_STORED = select(evidence_ids.c.bucket, evidence_ids.c.run, evidence_ids.c.records)
_OF_RUN = (
    _STORED.where(evidence_ids.c.bucket.in_(range(BUCKETS)), evidence_ids.c.run == bindparam("run"))
    .order_by(evidence_ids.c.bucket)
)  # fmt: skip
_BEHIND = select(evidence_entries.c.seq).where(evidence_entries.c.seq >= bindparam("start"))


class SortedIds(Struct, frozen=True):
    """The first eight bytes of ids' hashes in ascending order, and the indices of their entries."""

    keys: NDArray[np.uint64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, hashes: bytes, places: NDArray[np.int64]) -> "SortedIds":
        """Of ids whose hashes, of 32 bytes, stand behind one another, and their entries."""
        return cls(keys_of(hashes), places)._in_order()

    def joined(self, other: "SortedIds") -> "SortedIds":
        """Both together; put in where they belong, which is far less work than sorting anew."""
        at = np.searchsorted(self.keys, other.keys, side="right")
        keys = np.insert(self.keys, at, other.keys)
        return SortedIds(keys, np.insert(self.places, at, other.places))

    def __len__(self) -> int:
        return len(self.keys)

    def _in_order(self) -> "SortedIds":
        order = np.argsort(self.keys, kind="stable")
        return SortedIds(self.keys[order], self.places[order])

    def find(self, keys: NDArray[np.uint64]) -> list[int]:
        """Entries whose ids begin as one of ``keys``; these in ascending order are found faster."""
        first = np.searchsorted(self.keys, keys)
        within = first < len(self.keys)
        first, keys = first[within], keys[within]
        hit = self.keys[first] == keys
        if not hit.any():
            return []
        last = np.searchsorted(self.keys, keys[hit], side="right")
        ranges = zip(first[hit], last, strict=True)
        return [int(place) for start, end in ranges for place in self.places[start:end]]


def keys_of(hashes: bytes) -> NDArray[np.uint64]:
    """What ids are sorted by: the first eight bytes of each hash, as a number."""
    table = np.frombuffer(hashes, ">u8").reshape(-1, HASH_BYTES // _KEY_BYTES)
    return table[:, 0].astype(np.uint64)


def covered(conn: Connection) -> int:
    """The number of entries, from the first on, whose ids stand in runs."""
    last = conn.execute(_RUNS).scalar()
    return 0 if last is None else RUN_ENTRIES * (last + 1)


def refuse_beyond(conn: Connection, size: int) -> None:
    """Check that no run speaks of more entries than there are.

    Raises:
        LogDamagedError: one does.
    """
    if covered(conn) > size:
        raise LogDamagedError("the index of ids covers more entries than the log has")


def write_runs(conn: Connection, size: int, *, since: int = 0) -> None:
    """Write the runs that a log of ``size`` entries has and that are not there yet.

    Args:
        since: an earlier size, at which they were written as well.
    """
    if since // RUN_ENTRIES == size // RUN_ENTRIES:
        return
    for run in range(covered(conn) // RUN_ENTRIES, size // RUN_ENTRIES):
        start = run * RUN_ENTRIES
        rows = enumerate(run_records(read_ids(conn, start, start + RUN_ENTRIES)))
        values = [{"bucket": bucket, "run": run, "records": one} for bucket, one in rows]
        conn.execute(insert(evidence_ids), values)


def run_records(hashes: bytes) -> list[bytes]:
    """What the rows of a run hold, by bucket; zeros stand for the hash of an entry without id."""
    table = np.frombuffer(hashes, np.uint8).reshape(-1, HASH_BYTES)
    places = np.flatnonzero(table.any(axis=1))
    ids = SortedIds.of(table[places].tobytes(), places)
    records = np.empty(len(places), _RECORD)
    records["key"], records["place"] = ids.keys, ids.places
    firsts = np.arange(1, BUCKETS, dtype=np.uint64) << np.uint64(56)
    ends = [0, *np.searchsorted(ids.keys, firsts).tolist(), len(records)]
    return [records[start:end].tobytes() for start, end in pairwise(ends)]


def stored_records(conn: Connection, run: int) -> list[tuple[int, bytes]]:
    """The rows of a run as they are, in order: bucket and records."""
    return [(row.bucket, row.records) for row in conn.execute(_OF_RUN, {"run": run})]


def stored_ids(conn: Connection, hashes: Collection[bytes] | None = None) -> SortedIds:
    """The ids in all runs; those only that share a bucket with one of ``hashes``, if given.

    Raises:
        LogDamagedError: a row is missing, or holds no records.
    """
    buckets = range(BUCKETS) if hashes is None else sorted({one[0] for one in hashes})
    query = _STORED if hashes is None else _STORED.where(evidence_ids.c.bucket.in_(buckets))
    rows = conn.execute(query.order_by(evidence_ids.c.bucket, evidence_ids.c.run)).all()
    runs = range(covered(conn) // RUN_ENTRIES)
    if [(row.bucket, row.run) for row in rows] != [(one, run) for one in buckets for run in runs]:
        raise LogDamagedError("rows of the index of ids are missing")
    return _sorted_ids([row.run for row in rows], [row.records for row in rows])


def _sorted_ids(runs: Sequence[int], stored: Sequence[Any]) -> SortedIds:
    # SQLite keeps a type with each value, so a flipped bit may turn bytes into a number.
    lengths = [len(one) if isinstance(one, bytes) else 1 for one in stored]
    counts, of_none = np.divmod(np.array(lengths, np.int64), _RECORD.itemsize)
    if of_none.any():
        raise LogDamagedError("a row of the index of ids holds no records")
    records = np.frombuffer(b"".join(stored), _RECORD)
    starts = np.array(runs, np.int64) * RUN_ENTRIES
    places = np.repeat(starts, counts) + records["place"]
    return SortedIds(records["key"].astype(np.uint64), places)._in_order()


def look_up(conn: Connection, hashes: Sequence[bytes]) -> list[int]:
    """Entries that may have one of these ids, found without anything in memory: for a few of them.

    Raises:
        LogDamagedError: the index is not whole.
    """
    found = stored_ids(conn, hashes).find(keys_of(b"".join(hashes)))
    behind = _BEHIND.where(evidence_entries.c.id_hash.in_(hashes))
    return found + list(conn.execute(behind, {"start": covered(conn)}).scalars())
