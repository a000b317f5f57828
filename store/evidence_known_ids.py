"""The ids that a log holds, kept in memory by who appends many: 16 bytes an id."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, bindparam, select

from evidence.entry import NO_LEAF
from store.evidence_ids import (
    SortedIds,
    covered,
    keys_of,
    look_up,
    refuse_beyond,
    stored_ids,
)
from store.evidence_rows import NO_ID, NewRows, read_ids
from store.schema.evidence import evidence_entries

FEW_LOOK_UPS = 64
"""So many ids are looked up in the database; who asks for more has all of them in memory."""

YOUNG_IDS = 8192
"""So many are kept as they came before they are sorted, and read at once."""

_LEAF = select(evidence_entries.c.leaf_hash).where(evidence_entries.c.seq == bindparam("seq"))


class End(NamedTuple):
    """How far a log goes: its last leaf's hash says of all entries which they are."""

    size: int
    last_leaf: bytes


class KnownIds:
    """Answers where an id may stand, for one that appends to a log, whoever else may do so, too.

    What it holds is of a log that ends with a certain leaf. Before each answer it takes in what was
    appended since; if that leaf is not there any more, it begins anew. What its owner appends is
    held back until the log turns out to hold it: the transaction may have been rolled back.
    """

    def __init__(self) -> None:
        self._end = End(0, NO_LEAF)
        self._sorted: list[SortedIds] = []
        self._young: dict[bytes, int] = {}
        self._written: NewRows | None = None
        self._asked = 0

    def places(self, conn: Connection, end: End, hashes: Sequence[bytes]) -> list[int]:
        """Entries that may have one of these ids, in a log that ends so and is locked.

        Raises:
            LogDamagedError: the index of ids is not whole.
        """
        self._asked += len(hashes)
        if not hashes:
            return []
        if self._asked <= FEW_LOOK_UPS:
            refuse_beyond(conn, end.size)
            return look_up(conn, hashes)
        self._catch_up(conn, end)
        found = [self._young[one] for one in hashes if one in self._young]
        keys = np.sort(keys_of(b"".join(hashes)))
        for part in self._sorted:
            found += part.find(keys)
        return found

    def appended(self, rows: NewRows) -> None:
        """These rows were written in a transaction that may be committed."""
        self._written = rows

    def _catch_up(self, conn: Connection, end: End) -> None:
        rows, self._written = self._written, None
        if rows is not None and rows.start == self._end.size and end == _end_of(rows):
            self._take(rows.start, rows.ids)
        elif end != self._end:
            if self._end.size == 0 or not self._stands(conn, end):
                self._load(conn, end)
            self._read(conn, end.size)
        self._end = end

    def _stands(self, conn: Connection, end: End) -> bool:
        """Whether the log that ends so begins with the one that is known."""
        if self._end.size > end.size:
            return False
        return conn.execute(_LEAF, {"seq": self._end.size - 1}).scalar() == self._end.last_leaf

    def _load(self, conn: Connection, end: End) -> None:
        refuse_beyond(conn, end.size)
        self._sorted, self._young = [stored_ids(conn)], {}
        self._end = End(covered(conn), NO_LEAF)

    def _read(self, conn: Connection, size: int) -> None:
        for start in range(self._end.size, size, YOUNG_IDS):
            hashes = read_ids(conn, start, min(start + YOUNG_IDS, size))
            places = range(0, len(hashes), len(NO_ID))
            self._take(start, [hashes[at : at + len(NO_ID)] for at in places])

    def _take(self, start: int, hashes: Sequence[bytes]) -> None:
        known = {one: place for place, one in enumerate(hashes, start) if one != NO_ID}
        self._young.update(known)
        if len(self._young) >= YOUNG_IDS:
            self._sort_young()

    def _sort_young(self) -> None:
        """Make a part of the young ones, and join parts until each is twice the one behind it."""
        places = np.fromiter(self._young.values(), np.int64, len(self._young))
        self._sorted.append(SortedIds.of(b"".join(self._young), places))
        self._young.clear()
        while len(self._sorted) > 1 and len(self._sorted[-2]) < 2 * len(self._sorted[-1]):
            last = self._sorted.pop()
            self._sorted[-1] = self._sorted[-1].joined(last)


def _end_of(rows: NewRows) -> End:
    return End(rows.start + len(rows.leaves), rows.leaves[-1])
