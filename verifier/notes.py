"""C2SP signed notes, checkpoints, proofs and verifier keys."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from verifier.signatures import LENGTHS, LOG_KEY, holds

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-fA-F]{8})\+(?P<data>[A-Za-z0-9+/]+=*)")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<data>[A-Za-z0-9+/]+=*)")


class FormatError(ValueError):
    """A text that is not in its form, or a signature that does not hold."""


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: ``name+id+base64(type ‖ public key)``."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(b"%b\n%c%b" % (self.name.encode(), self.type, self.public)).digest()[:4]

    def holds(self, text: str, signature: bytes) -> bool | None:
        """Whether the signature is this key's over the text; None where nobody here can tell,
        since its algorithm is unknown."""
        return holds(self.type, self.public, self.name, text, signature)


def read_key(text: str) -> Key:
    """A verifier key from ``name+id+base64``.

    Raises:
        FormatError: malformed, or the id is another key's. A key of an unknown type is none: its
            signatures count for nothing.
    """
    match = _KEY.fullmatch(text)
    data = _base64(match["data"]) if match else b""
    if match is None or len(data) < 2 or len(data) - 1 != LENGTHS.get(data[0], len(data) - 1):
        raise FormatError("no verifier key")
    key = Key(match["name"], data[0], data[1:])
    if key.id != bytes.fromhex(match["id"]):
        raise FormatError("the key id is not that of the key")
    return key


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures below it: who, the key's id, and the bytes of its type."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signers(self, keys: Iterable[Key]) -> list[tuple[Key, bytes]]:
        """The keys that signed, each with its signature, as far as it can be checked here.

        Raises:
            FormatError: one of them is named and its signature does not hold.
        """
        found = []
        for key in keys:
            for name, key_id, signature in self.signatures:
                if (name, key_id) == (key.name, key.id):
                    is_held = key.holds(self.text, signature)
                    if is_held is False:
                        raise FormatError(f"the signature of {name} does not hold")
                    if is_held:
                        found.append((key, signature))
                    break
        return found

    def unknown(self, keys: Iterable[Key]) -> list[Key]:
        """Those of the keys that are named here with a signature that nobody here can check."""
        named = {(name, key_id): signature for name, key_id, signature in self.signatures}
        return [
            key
            for key in keys
            if (key.name, key.id) in named and key.holds(self.text, named[key.name, key.id]) is None
        ]


def read_note(text: str) -> Note:
    """A signed note.

    Raises:
        FormatError: malformed.
    """
    body, blank, signatures = text.rpartition("\n\n")
    if not blank or not body or not signatures.endswith("\n"):
        raise FormatError("no signed note")
    lines = signatures.removesuffix("\n").split("\n")
    matches = [_SIGNATURE.fullmatch(line) for line in lines]
    if len(lines) > 100 or not all(matches):
        raise FormatError("a signature line is malformed")
    parts = [(match["name"], _base64(match["data"])) for match in matches if match]
    return Note(body + "\n", tuple((name, data[:4], data[4:]) for name, data in parts))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's statement of its size and root."""

    origin: str
    size: int
    root: bytes
    note: Note


def read_checkpoint(text: str) -> Checkpoint:
    """A checkpoint; whose signatures count is the caller's matter.

    Raises:
        FormatError: malformed.
    """
    note = read_note(text)
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines) or not _NUMBER.fullmatch(lines[1]):
        raise FormatError("no checkpoint")
    return Checkpoint(lines[0], int(lines[1]), read_hash(lines[2]), note)


def follow_hand_overs(keys: Sequence[Key], notes: Iterable[str]) -> list[Key]:
    """The trusted keys of logs, and those that they handed a log over to, in order.

    A hand-over names the origin, a number, the old and the new key, and both have signed it.

    Raises:
        FormatError: a note is no such hand-over.
    """
    found = list(keys)
    for text in notes:
        note = read_note(text)
        lines = note.text.split("\n")
        if len(lines) != 6 or lines[0] != "tracewarden-key-hand-over/1":
            raise FormatError("no hand-over of a key")
        old, new = read_key(lines[3]), read_key(lines[4])
        if not lines[1] == old.name == new.name or {old.type, new.type} != {LOG_KEY}:
            raise FormatError("the hand-over is not of one log")
        if len(note.signers([old, new])) != 2:
            raise FormatError("one of the two keys has not signed the hand-over")
        if old in found and new not in found:
            found.append(new)
    return found


@dataclass(frozen=True, slots=True)
class Proof:
    """A C2SP tlog-proof: an index, the path from leaf to root, and the checkpoint's note."""

    index: int
    path: tuple[bytes, ...]
    note: str


def read_proof(text: str) -> Proof:
    """A proof from its text.

    Raises:
        FormatError: malformed.
    """
    head, blank, note = text.partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise FormatError("no tlog-proof")
    word, _, index = (lines.pop(0) if lines else "").partition(" ")
    if word != "index" or not _NUMBER.fullmatch(index) or len(lines) > 63:
        raise FormatError("the proof's index or path is malformed")
    return Proof(int(index), tuple(read_hash(line) for line in lines), note)


def read_hash(line: str) -> bytes:
    """32 bytes of base64.

    Raises:
        FormatError: anything else.
    """
    data = _base64(line)
    if len(data) != 32:
        raise FormatError("a hash has 32 bytes")
    return data


def _base64(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("no base64") from None
    if b64encode(data).decode() != text:
        raise FormatError("no canonical base64")
    return data
