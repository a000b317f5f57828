"""Which territories and authorisations judging knew, as one hash each: rows are only ever added, so
a revision of the registry says for ever which of them there were."""

from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, select

from evidence.canonical import canonical
from store.schema import registry as schema


def versions_at(conn: Connection, revision: int) -> dict[str, Any]:
    """What an entry says of the registry as of a revision.

    ``territories_sha256`` and ``authorisations_sha256`` are over the canonical JSON of the sorted
    list of the rows' digests (SHA-256 of each row's JSON, in hex).
    """
    return {
        "revision": revision,
        "territories_sha256": _hash(conn, schema.territories, revision),
        "authorisations_sha256": _hash(conn, schema.authorisations, revision),
    }


def _hash(conn: Connection, table: Table, revision: int) -> str:
    query = select(table.c.digest).where(table.c.revision <= revision)
    return sha256(canonical(sorted(conn.execute(query).scalars()))).hexdigest()
