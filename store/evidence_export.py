"""Exporting a bundle: what is exported is logged first, then proven under one checkpoint."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from evidence.bundle import EXPORT_KIND, Contents, write_bundle
from evidence.checkpoint import Checkpoint
from evidence.entry import Entry, read_entry
from evidence.errors import EvidenceError
from evidence.note import Note, VerifierKey
from evidence.tlog_proof import TlogProof
from evidence.tree import inclusion_proof
from store.evidence_log import EvidenceLog
from store.evidence_openings import find
from store.evidence_writer import LogWriter


def entries_of_case(log: EvidenceLog, conn: Connection, case: str) -> list[int]:
    """The entries that speak of a case by their body's ``case_id``, exports left out.

    Raises:
        EvidenceError: there are none.
    """
    found = []
    for row in log.iterate(conn, 0, log.head(conn).size):
        body = read_entry(row.data).body
        if body.get("case_id") == case and body.get("kind") != EXPORT_KIND:
            found.append(row.index)
    if not found:
        raise EvidenceError(f"the log holds no entry of case {case}", type="case-unknown")
    return found


def gather(
    log: EvidenceLog,
    conn: Connection,
    key: VerifierKey,
    *,
    case: str | None,
    indices: Sequence[int],
    attachments: Mapping[str, bytes],
    disclose: Sequence[str],
) -> Contents:
    """What the export holds, checked.

    Raises:
        LogDamagedError: an index that the log does not hold.
        EvidenceError: an attachment or disclosure that no entry commits to.
    """
    entries = {index: log.rows(conn, index, index + 1)[0].data for index in sorted(set(indices))}
    openings = find(conn, disclose)
    contents = Contents(key.name, case, entries, attachments, openings, [str(key)])
    contents.check()
    return contents


def export(writer: LogWriter, contents: Contents, purpose: str) -> bytes:
    """Log the export and give the bundle, under the checkpoint that covers that entry, too."""
    (answer,) = writer.append([Entry(None, contents.export_body(purpose))])
    if isinstance(answer, EvidenceError):
        raise answer
    note = writer.seal()
    with writer.reading() as conn:
        indices = [*contents.entries, answer.index]
        proofs = prove_all(writer.log, conn, indices, note)
        (row,) = writer.log.rows(conn, answer.index, answer.index + 1)
    return write_bundle(contents, row.data, proofs, str(note))


def prove_all(
    log: EvidenceLog, conn: Connection, indices: Sequence[int], note: Note
) -> dict[int, TlogProof]:
    """Inclusion of each entry in the tree of one checkpoint."""
    size, nodes = Checkpoint.parse(note.text).size, log.nodes(conn)
    return {
        index: TlogProof(index, tuple(inclusion_proof(index, size, nodes)), note)
        for index in indices
    }
