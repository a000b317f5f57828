"""Asking a witness to cosign a checkpoint (C2SP tlog-witness)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evidence.checkpoint import Checkpoint
from evidence.errors import NoteError
from evidence.note import Note, SignatureLine, VerifierKey
from evidence.signature_types import timestamp_of
from evidence.witness import AddCheckpoint
from evidence.witness_policy import Witness
from store.evidence_anchors import Seen
from tracewarden.outside.posting import Answer, OutsideError, post

MEDIA_TYPE = "text/plain; charset=utf-8"
ATTEMPTS = 3
Prove = Callable[[int], Sequence[bytes]]
"""The consistency proof from an earlier size to the checkpoint's."""

_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's signature of a checkpoint, checked, and the time that it states."""

    key: VerifierKey
    line: SignatureLine
    seen: Seen


def cosign(
    witness: Witness, note: Note, prove: Prove, *, old_size: int, timeout_s: float
) -> Cosigned:
    """Ask a witness; where it has seen another size than ``old_size``, prove from that one.

    Raises:
        OutsideError: it does not answer, refuses, or its signature does not hold; with type
            ``witness-ahead`` where it has seen a larger log than ours, or another root: then
            somebody runs a second log with our key, or ours was set back.
    """
    checkpoint = Checkpoint.parse(note.text)
    for _ in range(ATTEMPTS):
        body = str(AddCheckpoint(old_size, tuple(prove(old_size)), note)).encode()
        answer = post(f"{_prefix(witness)}/add-checkpoint", body, MEDIA_TYPE, timeout_s=timeout_s)
        if answer.status == 200:
            return _checked(witness, note, answer)
        if answer.status != 409:
            raise OutsideError(f"{witness.name} answered {answer.status}: {_words(answer)}")
        seen = _SIZE.fullmatch(answer.body)
        if seen is None:
            raise OutsideError(f"{witness.name} answered 409 without a size")
        if int(seen[1]) > checkpoint.size or int(seen[1]) == old_size == checkpoint.size:
            detail = f"{witness.name} has signed size {int(seen[1])}, which ours does not extend"
            raise OutsideError(detail, type="witness-ahead")
        old_size = int(seen[1])
    raise OutsideError(f"{witness.name} answered 409 {ATTEMPTS} times")


def _prefix(witness: Witness) -> str:
    if witness.url is None:
        raise OutsideError(f"the policy gives no address for {witness.name}")
    return witness.url.rstrip("/")


def _checked(witness: Witness, note: Note, answer: Answer) -> Cosigned:
    """The one line of the answer that is this witness's; lines of unknown keys are ignored."""
    try:
        lines = Note.parse(f"{note.text}\n".encode() + answer.body).signatures
        key = witness.key
        for line in lines:
            if (line.name, line.key_id) == (key.name, key.key_id):
                Note(note.text, (line,)).verified_by([key])
                return Cosigned(key, line, Seen(key.name, timestamp_of(line.signature) or 0))
    except NoteError as error:
        raise OutsideError(f"{witness.name}: {error.detail}") from None
    raise OutsideError(f"{witness.name} answered without a signature of its key")


def _words(answer: Answer) -> str:
    return answer.body[:200].decode("utf-8", "replace").strip()
