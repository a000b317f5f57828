"""Rotating a log's own key, and finding the hand-overs that the log holds.

Order: the new key is staged durably, the hand-over committed as an entry and sealed by the old key,
that checkpoint countersigned by the new one, the new key put in the old one's place. After a crash
:func:`settle` goes on from wherever it was: a staged key that no entry names is thrown away.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine

from evidence.entry import read_entry
from evidence.errors import EvidenceError
from evidence.hand_over import HandOver, entry_id, hand_over, hand_over_entry
from evidence.note import SigningKey, VerifierKey
from store.evidence_guard import Guard
from store.evidence_log import EvidenceLog
from store.evidence_rows import StoredRow
from store.evidence_sealing import Sealer, seal
from store.transactions import reading


def hand_overs(conn: Connection) -> Iterator[str]:
    """The notes of all hand-overs that the log holds, in order."""
    for row in hand_over_rows(conn):
        note = read_entry(row.data).body.get("hand_over")
        if not isinstance(note, str):
            raise EvidenceError(f"entry {row.index} is no hand-over", type="hand-over-invalid")
        yield note


def hand_over_rows(conn: Connection) -> Iterator[StoredRow]:
    """The entries of all hand-overs, in order."""
    log, number = EvidenceLog(), 1
    while (row := log.find(conn, entry_id(number))) is not None:
        yield row
        number += 1


def keys_since(conn: Connection, key: VerifierKey) -> list[VerifierKey]:
    """``key`` and those that it was handed over to, in order.

    Raises:
        NoteError: a hand-over in the log does not hold.
    """
    found = [key]
    for note in hand_overs(conn):
        step = HandOver.parse(note)
        if step.old == found[-1]:
            found.append(step.new)
    return found


def rotate(engine: Engine, guard: Guard, log: EvidenceLog, new: SigningKey, at: str) -> None:
    """Hand the log over to ``new``; the caller is the log's one writer.

    Raises:
        LogBehindError, LogDamagedError: the log is not the one that was signed.
    """
    with reading(engine) as conn:
        number = 1 + sum(1 for _ in hand_overs(conn))
    guard.stage(new)
    with engine.begin() as conn:
        log.append(conn, [hand_over_entry(number, hand_over(number, guard.key(), new), at)])
    settle(engine, guard)


def settle(engine: Engine, guard: Guard) -> None:
    """Finish a rotation that a crash left, or throw its key away; the caller is the one writer."""
    staged = guard.staged()
    if staged is None:
        return
    with reading(engine) as conn:
        is_logged = staged.verifier in [HandOver.parse(note).new for note in hand_overs(conn)]
    if not is_logged:
        guard.unstage()
        return
    note = seal(engine, Sealer(EvidenceLog(), guard, guard.key()))
    guard.swap(note, note.with_signatures([staged.sign(note.text)]))
    guard.promote()
