"""Commitments of entries to the stored events that they rest on.

The value behind a commitment is the event's JSON text exactly as stored, as one string. It stays in
``events``; only the salt lies here. Without it the commitment says nothing, even of an event that
can be guessed.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, text

from events.identity import Identity
from evidence.canonical import canonical
from evidence.commitments import SALT_BYTES, Opening, commit
from evidence.long_lists import MOST_IN_ENTRY
from store.columns import as_list, rows_of
from store.schema.evidence import evidence_sources


class Source(NamedTuple):
    """A stored event and what opens the commitment to it."""

    identity: Identity
    opening: Opening

    @property
    def raw(self) -> bytes:
        """The event as stored."""
        stored: str = json.loads(self.opening.value_json)
        return stored.encode()


def commit_to(
    conn: Connection, identities: Collection[Identity], entropy: Callable[[int], bytes]
) -> dict[Identity, str]:
    """The commitment (hex) to each of these events that is stored, made where there is none.

    In the transaction that appends the entries. An event that an earlier arrival has replaced
    since gets a new commitment; the old one stays, and no longer opens.
    """
    known = {source.identity: source.opening.commitment for source in sources_of(conn, identities)}
    made = {
        identity: commit(raw, entropy(SALT_BYTES))
        for identity, raw in _raws(conn, identities).items()
        if identity not in known
    }
    rows = [
        {"commitment": bytes.fromhex(one.commitment), "identity": identity, "salt": one.salt}
        for identity, one in made.items()
    ]
    if rows:
        conn.execute(insert(evidence_sources), rows)
    return known | {identity: one.commitment for identity, one in made.items()}


def sources_of(conn: Connection, identities: Collection[Identity]) -> list[Source]:
    """What opens the commitments to these events, as far as they are stored as committed to."""
    if not identities:
        return []
    query = text(
        "SELECT s.identity, s.commitment, s.salt, e.raw FROM evidence_sources s "
        "JOIN events e ON e.identity = s.identity "
        f"WHERE s.identity IN {rows_of(conn, 'wanted')} ORDER BY s.identity"
    )
    found = []
    for identity, commitment, salt, raw in conn.execute(query, {"wanted": as_list(identities)}):
        opening = commit(raw, salt)
        if opening.commitment == commitment.hex():
            found.append(Source(identity, opening))
    return found


def forget(conn: Connection, identities: Collection[Identity]) -> list[str]:
    """Delete the salts of these events' commitments; returns the commitments, in hex."""
    query = text(
        f"DELETE FROM evidence_sources WHERE identity IN {rows_of(conn, 'gone')} "
        "RETURNING commitment"
    )
    rows = conn.execute(query, {"gone": as_list(identities)})
    return sorted(row.commitment.hex() for row in rows)


def in_entry(inputs: Sequence[Identity], known: Mapping[Identity, str]) -> dict[str, Any]:
    """What an entry says of its sources: ``sources``, or of many ``sources_sha256``.

    Sources come in the order of the signal's inputs, without those that were never stored.
    """
    listed = [{"commitment": known[one]} for one in inputs if one in known]
    if not listed:
        return {}
    # Of more the hash alone: the list can be made again from the events' own salts.
    if len(listed) <= MOST_IN_ENTRY:
        return {"sources": listed}
    return {"sources_sha256": sha256(canonical(listed)).hexdigest()}


def _raws(conn: Connection, identities: Collection[Identity]) -> dict[Identity, str]:
    query = text(
        f"SELECT identity, raw FROM events WHERE identity IN {rows_of(conn, 'wanted')} "
        "ORDER BY identity"
    )
    return {row.identity: row.raw for row in conn.execute(query, {"wanted": as_list(identities)})}
