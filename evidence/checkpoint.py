"""C2SP checkpoints: what a log says of its tree, to be signed as a note."""

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from evidence.errors import NoteError
from evidence.tree import HASH_BYTES

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The origin of a log, the number of its leaves, and their root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note's text."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """A checkpoint from a note's text.

        Raises:
            NoteError: the text is no checkpoint.
        """
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not all(lines) or not text.endswith("\n"):
            raise NoteError(
                "a checkpoint has three lines and no empty one", type="checkpoint-invalid"
            )
        if not _SIZE.fullmatch(lines[1]):
            raise NoteError("the size is no number", field="size", type="checkpoint-invalid")
        return cls(lines[0], int(lines[1]), decode_hash(lines[2]), tuple(lines[3:]))


def decode_hash(line: str) -> bytes:
    """A hash of 32 bytes from its one base64 form.

    Raises:
        NoteError: anything else.
    """
    try:
        value = b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != HASH_BYTES or b64encode(value).decode() != line:
        raise NoteError("a hash is 32 bytes in base64", field="root", type="checkpoint-invalid")
    return value
