"""The checkpoint that the service publishes: signed elsewhere, read by every API process."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from evidence.checkpoint import Checkpoint
from evidence.note import Note, VerifierKey
from store.schema.evidence import evidence_checkpoint


@dataclass(frozen=True, slots=True)
class Published:
    """A signed checkpoint, the size that it speaks of, and the verifier key that signed it."""

    size: int
    note: bytes
    key: str


def published(conn: Connection) -> Published | None:
    """What was published last; none where nothing was signed yet."""
    columns = evidence_checkpoint.c
    row = conn.execute(select(columns.size, columns.note, columns.key)).one_or_none()
    return None if row is None else Published(*row)


def publish(conn: Connection, note: Note, key: VerifierKey) -> None:
    """Publish a checkpoint, in the caller's transaction, unless a larger one is there."""
    size = Checkpoint.parse(note.text).size
    before = published(conn)
    if before is not None and before.size > size:
        return
    conn.execute(delete(evidence_checkpoint))
    values = {"log": 1, "size": size, "note": str(note).encode(), "key": str(key)}
    conn.execute(insert(evidence_checkpoint).values(values))
