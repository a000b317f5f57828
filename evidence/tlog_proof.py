"""C2SP ``tlog-proof``: an entry's inclusion in a signed checkpoint, as one text file."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.checkpoint import Checkpoint, decode_hash
from evidence.errors import NoteError, ProofError
from evidence.note import Note, VerifierKey
from evidence.tree import verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """An index, the path from its leaf to the root, and the checkpoint that says the root."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes | None = None

    def __str__(self) -> str:
        extra = [] if self.extra is None else [f"extra {b64encode(self.extra).decode()}"]
        path = [b64encode(node).decode() for node in self.path]
        lines = [HEADER, *extra, f"index {self.index}", *path, ""]
        return "".join(f"{line}\n" for line in lines) + str(self.checkpoint)

    @classmethod
    def parse(cls, text: str) -> "TlogProof":
        """A proof from its text; it proves nothing before :meth:`verify`.

        Raises:
            ProofError, NoteError: malformed.
        """
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != HEADER:
            raise ProofError("no tlog-proof of version 1")
        extra = _extra(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
        index = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if index is None:
            raise ProofError("a tlog-proof says its index", field="index")
        if len(lines) > MAX_PATH:
            raise ProofError("the path is too long")
        path = tuple(decode_hash(line) for line in lines)
        return cls(int(index[1]), path, Note.parse(note), extra)

    def verify(self, leaf: bytes, origin: str, keys: Iterable[VerifierKey]) -> Checkpoint:
        """Check that ``leaf`` stands in the log ``origin`` as a key of ``keys`` signed it.

        Raises:
            ProofError: the path leads elsewhere, or the checkpoint is another log's.
            NoteError: the checkpoint is malformed or not signed by these keys.
        """
        self.checkpoint.verified_by(keys)
        checkpoint = Checkpoint.parse(self.checkpoint.text)
        if checkpoint.origin != origin:
            raise ProofError(
                f"a proof for another log: {checkpoint.origin}", type="proof-other-log"
            )
        verify_inclusion(self.index, checkpoint.size, leaf, self.path, checkpoint.root)
        return checkpoint


def _extra(line: str) -> bytes:
    try:
        return b64decode(line.removeprefix("extra "), validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("the extra data are no base64", field="extra") from None
