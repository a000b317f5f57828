"""Anchoring: have others sign for the log's checkpoint, and log what they signed."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from evidence.checkpoint import Checkpoint
from evidence.errors import EvidenceError
from evidence.note import Note
from evidence.tree import consistency_proof
from evidence.witness_policy import Witness, WitnessPolicy
from store.evidence_anchors import (
    CHECKPOINT,
    Anchor,
    LoggedAnchor,
    Seen,
    anchors,
    keep_anchor,
)
from store.evidence_log import EvidenceLog
from store.evidence_signed import SignedAppend
from tracewarden.outside.posting import OutsideError
from tracewarden.outside.timestamping import Authority, timestamp
from tracewarden.outside.witnessing import Cosigned, cosign

TIMEOUT_S = 10.0
MOST_AT_ONCE = 16
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Outside:
    """Who is asked: the witnesses of a policy, and time-stamping authorities."""

    policy: WitnessPolicy = field(default_factory=WitnessPolicy)
    authorities: tuple[Authority, ...] = ()
    timeout_s: float = TIMEOUT_S

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody to ask."""
        return not self.policy.witnesses and not self.authorities


class Anchored(NamedTuple):
    """What came of it: the anchor with its entry (none where nobody signed), and who failed."""

    logged: LoggedAnchor | None
    failures: list[OutsideError]


class _Answers(NamedTuple):
    cosigned: list[Cosigned]
    stamped: list[tuple[bytes, Seen]]
    failures: list[OutsideError]


def anchor(log: SignedAppend, outside: Outside) -> Anchored:
    """Have the newest checkpoint signed outside; store and log what came back, however little.

    Raises:
        EvidenceError: nobody is configured; another anchoring was faster.
    """
    if outside.is_empty:
        raise EvidenceError("no witness and no authority is configured", type="outside-unknown")
    note = log.seal()
    answers = _ask(log, note, outside)
    if not answers.cosigned and not answers.stamped:
        return Anchored(None, answers.failures)
    made = _anchor_of(note, outside.policy, answers)
    with log.transaction() as conn:
        appended = keep_anchor(conn, EvidenceLog(), made)
    return Anchored(LoggedAnchor(appended.index, made), answers.failures)


def _anchor_of(note: Note, policy: WitnessPolicy, answers: _Answers) -> Anchor:
    whole = note.with_signatures([one.line for one in answers.cosigned])
    files = {CHECKPOINT: str(whole).encode()}
    files |= {f"{seen.name}.tsr": response for response, seen in answers.stamped}
    return Anchor(
        size=Checkpoint.parse(note.text).size,
        files=files,
        witnesses=tuple(one.seen for one in answers.cosigned),
        timestamps=tuple(seen for _, seen in answers.stamped),
        quorum=policy.is_met_by([one.key for one in answers.cosigned]),
    )


def _ask(log: SignedAppend, note: Note, outside: Outside) -> _Answers:
    """Ask everybody at once."""
    size = Checkpoint.parse(note.text).size
    with log.reading() as conn:
        sizes = _sizes_seen(anchors(conn, EvidenceLog()))

    def prove(old: int) -> Sequence[bytes]:
        with log.reading() as conn:
            return consistency_proof(old, size, EvidenceLog().proving(conn))

    def ask_witness(witness: Witness) -> Cosigned:
        old = min(sizes.get(witness.key.name, 0), size)
        return cosign(witness, note, prove, old_size=old, timeout_s=outside.timeout_s)

    def ask_authority(authority: Authority) -> tuple[bytes, Seen]:
        return timestamp(authority, note.text.encode(), timeout_s=outside.timeout_s)

    failures: list[OutsideError] = []
    with ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        cosigned = _each(pool, ask_witness, outside.policy.witnesses.values(), failures)
        stamped = _each(pool, ask_authority, outside.authorities, failures)
    return _Answers(cosigned, stamped, failures)


def _each(
    pool: ThreadPoolExecutor,
    ask: Callable[[A], B],
    whom: Iterable[A],
    failures: list[OutsideError],
) -> list[B]:
    """The answers of those who answered; who failed is noted and does not stop the others."""
    answers = []
    for future in [pool.submit(ask, one) for one in whom]:
        try:
            answers.append(future.result())
        except OutsideError as failure:
            failures.append(failure)
    return answers


def _sizes_seen(found: Iterable[LoggedAnchor]) -> dict[str, int]:
    """The size that each witness signed last, by its key's name, as far as we know."""
    return {seen.name: one.anchor.size for one in found for seen in one.anchor.witnesses}
