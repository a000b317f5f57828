"""C2SP tlog-witness: what a log sends to a witness, and how the witness decides about it."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.checkpoint import Checkpoint, decode_hash
from evidence.errors import EvidenceError, NoteError, ProofError
from evidence.note import Note, VerifierKey
from evidence.tree import EMPTY_ROOT, verify_consistency

MAX_PROOF = 63
SIZE_MEDIA_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class WitnessRefusalError(EvidenceError):
    """A checkpoint that a witness does not sign; ``status`` is the HTTP status that says why.

    ``size`` is that of the last checkpoint signed, where a conflict (409) is answered by it.
    """

    type = "witness-refused"

    def __init__(self, status: int, detail: str, *, size: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.size = size


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The body of ``add-checkpoint``: the size last seen, a consistency proof, the checkpoint."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def __str__(self) -> str:
        lines = [f"old {self.old_size}", *(b64encode(node).decode() for node in self.proof), ""]
        return "".join(f"{line}\n" for line in lines) + str(self.note)

    @classmethod
    def parse(cls, data: bytes) -> "AddCheckpoint":
        """A request from its bytes.

        Raises:
            WitnessRefusalError: malformed (400).
        """
        try:
            head, blank, note = data.decode("utf-8").partition("\n\n")
            lines = head.split("\n")
            old = _OLD.fullmatch(lines[0])
            if not blank or old is None or len(lines) - 1 > MAX_PROOF:
                raise WitnessRefusalError(400, "old size, proof, an empty line, a checkpoint")
            return cls(
                int(old[1]), tuple(decode_hash(line) for line in lines[1:]), Note.parse(note)
            )
        except (NoteError, UnicodeDecodeError) as error:
            raise WitnessRefusalError(400, f"malformed: {error}") from None


def decide(
    request: AddCheckpoint, logs: Mapping[str, Sequence[VerifierKey]], last: Note | None
) -> Checkpoint:
    """The checkpoint, if a witness that signed ``last`` for this log may sign it, too.

    Args:
        logs: the trusted keys of each log, by its origin.
        last: what the witness signed last for that origin.

    Raises:
        WitnessRefusalError: it may not.
    """
    try:
        checkpoint = Checkpoint.parse(request.note.text)
    except NoteError as error:
        raise WitnessRefusalError(400, f"malformed: {error}") from None
    keys = logs.get(checkpoint.origin)
    if not keys:
        raise WitnessRefusalError(404, f"no log {checkpoint.origin} is known here")
    try:
        request.note.verified_by(keys)
    except NoteError as error:
        raise WitnessRefusalError(403, error.detail) from None
    if request.old_size > checkpoint.size:
        raise WitnessRefusalError(400, "the old size is larger than the checkpoint's")
    _check_growth(request, checkpoint, last)
    return checkpoint


def _check_growth(request: AddCheckpoint, new: Checkpoint, last: Note | None) -> None:
    """The checkpoint extends the last one signed, as the request's proof shows."""
    old = Checkpoint(new.origin, 0, EMPTY_ROOT) if last is None else Checkpoint.parse(last.text)
    if request.old_size != old.size:
        detail = f"the last checkpoint signed here has size {old.size}"
        raise WitnessRefusalError(409, detail, size=old.size)
    if old.size == new.size and old.root != new.root:
        detail = f"another root was signed here for size {old.size}"
        raise WitnessRefusalError(409, detail, size=old.size)
    try:
        verify_consistency(old.size, new.size, old.root, new.root, request.proof)
    except ProofError as error:
        raise WitnessRefusalError(422, error.detail) from None
