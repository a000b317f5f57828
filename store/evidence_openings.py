"""What opens the commitments of entries: kept beside the log, erased without changing it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from evidence.commitments import Opening
from evidence.entry import Entry
from evidence.errors import EvidenceError
from evidence.long_lists import MOST_IN_ENTRY
from store.evidence_log import Appended, EvidenceLog
from store.schema.evidence import evidence_openings

ERASURE_KIND = "erasure"


def keep(conn: Connection, openings: Sequence[Opening]) -> None:
    """Keep salts and values, in the transaction that appends their entries."""
    rows = [
        {"commitment": bytes.fromhex(one.commitment), "salt": one.salt, "value": _bytes(one)}
        for one in openings
    ]
    if rows:
        conn.execute(insert(evidence_openings), rows)


def find(conn: Connection, commitments: Sequence[str]) -> list[Opening]:
    """The openings of these commitments (hex), in order.

    Raises:
        EvidenceError: one is not there: never kept, or erased.
    """
    found: list[Opening] = []
    for commitment in commitments:
        query = select(evidence_openings).where(evidence_openings.c.commitment == _key(commitment))
        row = conn.execute(query).one_or_none()
        if row is None:
            raise EvidenceError(f"{commitment} was erased or never kept", type="opening-unknown")
        found.append(Opening(row.salt, row.value.decode()))
    return found


def kept_of(conn: Connection, commitments: Sequence[str]) -> list[str]:
    """Those of these commitments that can still be opened, in order."""
    query = select(evidence_openings.c.commitment)
    held = {
        row.commitment
        for one in commitments
        for row in conn.execute(query.where(evidence_openings.c.commitment == _key(one)))
    }
    return [one for one in commitments if _key(one) in held]


def erase(
    conn: Connection, log: EvidenceLog, commitments: Sequence[str], *, reason: str, at: str
) -> list[Appended]:
    """Delete salts and values and log that, in the caller's transaction.

    The entries stay as they are: a commitment without its salt says nothing. What is erased stands
    in the open, in as many entries as it takes.

    Raises:
        EvidenceError: one is not there.
    """
    find(conn, commitments)
    for commitment in commitments:
        gone = evidence_openings.c.commitment == _key(commitment)
        conn.execute(delete(evidence_openings).where(gone))
    body = {"kind": ERASURE_KIND, "at": at, "reason": reason}
    return log.append(conn, erasure_entries(body, sorted(commitments)))


def erasure_entries(body: Mapping[str, Any], commitments: Sequence[str]) -> list[Entry]:
    """The entries of one erasure, each naming as many commitments as fit; one where there are
    none."""
    starts = range(0, max(len(commitments), 1), MOST_IN_ENTRY)
    return [
        Entry(None, {**body, "erased": list(commitments[start : start + MOST_IN_ENTRY])})
        for start in starts
    ]


def _bytes(opening: Opening) -> bytes:
    return opening.value_json.encode()


def _key(commitment: str) -> bytes:
    try:
        key = bytes.fromhex(commitment)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise EvidenceError(f"{commitment!r} is no commitment", type="opening-unknown")
    return key
