"""Exporting a bundle: what is exported is logged first, then proven under one checkpoint."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from evidence.bundle import EXPORT_KIND, BundledAnchor, Contents, write_bundle
from evidence.checkpoint import Checkpoint
from evidence.entry import Entry, read_entry
from evidence.errors import EvidenceError
from evidence.hand_over import HandOver
from evidence.long_lists import commit_long_lists
from evidence.note import Note, VerifierKey
from evidence.tlog_proof import TlogProof
from evidence.tree import consistency_proof, inclusion_proof
from store.evidence_anchors import LoggedAnchor, anchors
from store.evidence_keys import hand_over_rows
from store.evidence_log import EvidenceLog
from store.evidence_openings import find, keep
from store.evidence_signed import SignedAppend


class Export(NamedTuple):
    """The bundle, and the index of the entry that logs it."""

    entry: int
    data: bytes


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
    """What the export of a log holds, checked; the hand-overs of the log's key belong to it.

    Raises:
        LogDamagedError: an index that the log does not hold.
        EvidenceError: an attachment or disclosure that no entry commits to.
    """
    entries = entries_at(log, conn, indices)
    openings = find(conn, disclose)
    contents = Contents(key.name, case, entries, attachments, openings, key_lines(conn, key))
    contents.check()
    return contents


def entries_at(log: EvidenceLog, conn: Connection, indices: Sequence[int]) -> dict[int, bytes]:
    """These entries, and those by which the log's key was handed over.

    Raises:
        LogDamagedError: an index that the log does not hold.
    """
    wanted = sorted({*indices, *(row.index for row in hand_over_rows(conn))})
    return {index: log.rows(conn, index, index + 1)[0].data for index in wanted}


def key_lines(conn: Connection, key: VerifierKey) -> list[str]:
    """``keys.txt``: the key that signs now, and before it those that handed the log over."""
    lines = ["# Keys that the log says are its own. Trust none of them because it stands here."]
    for row in hand_over_rows(conn):
        body = read_entry(row.data).body
        step = HandOver.parse(body["hand_over"])
        lines += [f"# until the hand-over of {body['at']}, entry {row.index}:", str(step.old)]
    return [*lines, "# signs now:", str(key)]


def export(
    signed: SignedAppend,
    contents: Contents,
    purpose: str,
    *,
    custody: Mapping[str, Any] | None = None,
    after: Callable[[], None] = lambda: None,
    entropy: Callable[[int], bytes] = os.urandom,
) -> Export:
    """Log the export and give the bundle, under a checkpoint that covers that entry, too.

    Args:
        custody: who takes it out and when, for the entry.
        after: run once the export is logged: the place to have others sign for it.
    """
    log = EvidenceLog()
    body, openings = commit_long_lists(contents.export_body(purpose, custody), entropy)
    with signed.transaction() as conn:
        keep(conn, openings)
        (logged,) = log.append(conn, [Entry(None, body)])
    after()
    note = signed.seal()
    with signed.reading() as conn:
        (row,) = log.rows(conn, logged.index, logged.index + 1)
        chosen = _anchors_for(conn, [*contents.entries, logged.index])
        bundled = [_bundled(log, conn, one, note) for one in chosen]
        indices = [*contents.entries, logged.index, *(one.index for one in chosen)]
        proofs = prove_all(log, conn, indices, note)
    return Export(logged.index, write_bundle(contents, row.data, bundled, proofs, str(note)))


def _anchors_for(conn: Connection, indices: Sequence[int]) -> list[LoggedAnchor]:
    """For every entry the first anchor that covers it: the earliest time by which it existed."""
    known = [one for one in anchors(conn, EvidenceLog()) if one.anchor.counts]
    chosen: dict[int, LoggedAnchor] = {}
    for index in indices:
        first = next((one for one in known if one.anchor.size > index), None)
        if first is not None:
            chosen[first.anchor.size] = first
    return [chosen[size] for size in sorted(chosen)]


def _bundled(log: EvidenceLog, conn: Connection, one: LoggedAnchor, note: Note) -> BundledAnchor:
    (row,) = log.rows(conn, one.index, one.index + 1)
    size = Checkpoint.parse(note.text).size
    proof = consistency_proof(one.anchor.size, size, log.proving(conn))
    return BundledAnchor(one.anchor.size, one.anchor.files, row.data, proof)


def prove_all(
    log: EvidenceLog, conn: Connection, indices: Sequence[int], note: Note
) -> dict[int, TlogProof]:
    """Inclusion of each entry in the tree of one checkpoint."""
    size, nodes = Checkpoint.parse(note.text).size, log.proving(conn)
    return {
        index: TlogProof(index, tuple(inclusion_proof(index, size, nodes)), note)
        for index in indices
    }
