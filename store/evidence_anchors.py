"""What others signed of the log: cosigned checkpoints and timestamps, each named in an entry.

The entry comes right behind what was anchored and holds the hashes of all that came back, so that
not a byte of it can change unseen, and the log itself tells when it was last seen from outside.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from evidence.entry import Entry, read_entry
from evidence.errors import EvidenceError
from evidence.note import Note
from store.evidence_fsck import Finding
from store.evidence_log import Appended, EvidenceLog
from store.schema.evidence import evidence_anchors

ANCHOR_KIND = "anchor"
CHECKPOINT = "checkpoint"
"""The name of the cosigned checkpoint among an anchor's files."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody outside who signed for the log's size, and when, in POSIX seconds."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """What came back for one checkpoint: files by name, and what they say.

    ``quorum`` is whether the cosignatures were as many as the policy then in force asked for.
    """

    size: int
    files: Mapping[str, bytes]
    witnesses: tuple[Seen, ...] = ()
    timestamps: tuple[Seen, ...] = ()
    quorum: bool = False

    @property
    def counts(self) -> bool:
        """Whether it shows to others that the log was there: a quorum, or a timestamp."""
        return bool(self.timestamps) or (self.quorum and bool(self.witnesses))

    @property
    def at(self) -> int:
        """The earliest time that somebody outside states, in POSIX seconds."""
        return min(seen.at for seen in (*self.witnesses, *self.timestamps))

    def body(self) -> dict[str, Any]:
        """The body of the anchor's entry."""
        return {
            "kind": ANCHOR_KIND,
            "size": self.size,
            "quorum": self.quorum,
            "witnesses": [{"name": one.name, "time": one.at} for one in self.witnesses],
            "timestamps": [{"name": one.name, "time": one.at} for one in self.timestamps],
            "files": {name: sha256(data).hexdigest() for name, data in self.files.items()},
        }


@dataclass(frozen=True, slots=True)
class LoggedAnchor:
    """An anchor with the index of its entry."""

    index: int
    anchor: Anchor


def keep_anchor(conn: Connection, log: EvidenceLog, anchor: Anchor) -> Appended:
    """Store what came back and append its entry, in the caller's transaction.

    Raises:
        EvidenceError: this size has been anchored already.
    """
    known = select(evidence_anchors.c.size).where(evidence_anchors.c.size == anchor.size)
    if conn.execute(known).first() is not None:
        raise EvidenceError(f"size {anchor.size} is anchored already", type="anchor-known")
    rows = [{"size": anchor.size, "name": k, "data": data} for k, data in anchor.files.items()]
    conn.execute(insert(evidence_anchors), rows)
    return log.append(conn, [Entry(f"anchor/{anchor.size}", anchor.body())])[0]


def anchors(conn: Connection, log: EvidenceLog) -> list[LoggedAnchor]:
    """All anchors, by size, each with its entry.

    Raises:
        EvidenceError: an anchor is not as its entry says.
    """
    return [_logged(conn, log, size, files) for size, files in _files_by_size(conn).items()]


def _files_by_size(conn: Connection) -> dict[int, dict[str, bytes]]:
    """Files of every anchor; none where the log is older than anchors are."""
    if not inspect(conn).has_table(evidence_anchors.name):
        return {}
    query = select(evidence_anchors).order_by(evidence_anchors.c.size, evidence_anchors.c.name)
    found: dict[int, dict[str, bytes]] = {}
    for size, name, data in conn.execute(query):
        found.setdefault(size, {})[name] = data
    return found


def _logged(
    conn: Connection, log: EvidenceLog, size: int, files: Mapping[str, bytes]
) -> LoggedAnchor:
    row = log.find(conn, f"anchor/{size}")
    if row is None:
        raise EvidenceError(f"no entry speaks of the anchor of size {size}", type="anchor-changed")
    body = read_entry(row.data).body
    hashes = {name: sha256(data).hexdigest() for name, data in files.items()}
    if body.get("files") != hashes:
        detail = f"the files of the anchor of size {size} are not those that were logged"
        raise EvidenceError(detail, type="anchor-changed")
    anchor = Anchor(
        size, files, _seen(body["witnesses"]), _seen(body["timestamps"]), body["quorum"]
    )
    return LoggedAnchor(row.index, anchor)


def _seen(listed: Sequence[Mapping[str, Any]]) -> tuple[Seen, ...]:
    return tuple(Seen(one["name"], one["time"]) for one in listed)


def check_anchors(conn: Connection, log: EvidenceLog) -> Iterator[Finding]:
    """What is wrong with anchors: ``anchor-changed``, or ``storage-unreadable``."""
    try:
        for size, files in _files_by_size(conn).items():
            try:
                _logged(conn, log, size, files)
            except (EvidenceError, KeyError, TypeError, ValueError, AttributeError) as error:
                yield Finding(None, "anchor-changed", str(error))
    except DBAPIError as error:
        yield Finding(None, "storage-unreadable", str(error.orig))


def last_cosigned(conn: Connection, log: EvidenceLog) -> Note | None:
    """The newest checkpoint with its cosignatures."""
    found = anchors(conn, log)
    return Note.parse(found[-1].anchor.files[CHECKPOINT]) if found else None


@dataclass(frozen=True, slots=True)
class Interval:
    """Seconds in which nobody outside signed for the log, from one time to another."""

    begin: int
    end: int

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end - self.begin


def longest_unanchored(found: Sequence[LoggedAnchor], *, now: int) -> Interval | None:
    """The longest interval between two anchors that count, or from the last one to now.

    None where there was never one: then the log has not been seen from outside at all.
    """
    times = sorted(logged.anchor.at for logged in found if logged.anchor.counts)
    if not times:
        return None
    ends = [*times[1:], max(now, times[-1])]
    intervals = [Interval(begin, end) for begin, end in zip(times, ends, strict=True)]
    return max(intervals, key=lambda one: (one.seconds, one.begin))
