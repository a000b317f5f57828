"""C2SP signed notes, checkpoints and proofs, and the keys that the caller trusts."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG_KEY = 0x01
WITNESS_KEY = 0x04

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-fA-F]{8})\+(?P<data>[A-Za-z0-9+/]+=*)")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<data>[A-Za-z0-9+/]+=*)")


class FormatError(ValueError):
    """A text that is not in its form, or a signature that does not hold."""


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: ``name+id+base64(type ‖ Ed25519 public key)``."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(b"%b\n%c%b" % (self.name.encode(), self.type, self.public)).digest()[:4]

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether the signature is this key's over the text."""
        message = text.encode()
        if self.type == WITNESS_KEY:
            at, signature = int.from_bytes(signature[:8]), signature[8:]
            message = b"cosignature/v1\ntime %d\n%b" % (at, message)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Trust:
    """What the caller trusts: logs and witnesses by their keys, and how many witnesses it takes."""

    logs: tuple[Key, ...]
    witnesses: tuple[Key, ...]
    quorum: int


def read_trust(text: str) -> Trust:
    """Read a file of trusted keys: a verifier key a line; ``quorum N``; ``#`` begins a comment.

    Keys of type 1 are logs', of type 4 witnesses'.

    Raises:
        FormatError: a line is neither, or there is no log's key.
    """
    keys: list[Key] = []
    quorum = 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if match := re.fullmatch(r"quorum ([0-9]{1,3})", line):
            quorum = int(match[1])
        elif line:
            keys.append(_key(line, number))
    logs = tuple(key for key in keys if key.type == LOG_KEY)
    if not logs:
        raise FormatError("no log's key to trust")
    witnesses = tuple(key for key in keys if key.type == WITNESS_KEY)
    if quorum > len(witnesses):
        raise FormatError(f"a quorum of {quorum} needs as many witnesses' keys")
    return Trust(logs, witnesses, quorum)


def _key(line: str, number: int) -> Key:
    match = _KEY.fullmatch(line)
    data = _base64(match["data"]) if match else b""
    if match is None or len(data) != 33 or data[0] not in (LOG_KEY, WITNESS_KEY):
        raise FormatError(f"line {number} is no verifier key")
    key = Key(match["name"], data[0], data[1:])
    if key.id != bytes.fromhex(match["id"]):
        raise FormatError(f"line {number}: the key id is not that of the key")
    return key


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's signed statement of its size and root, and which witnesses saw it when."""

    origin: str
    size: int
    root: bytes
    witnessed: tuple[tuple[str, int], ...]


def read_checkpoint(note: str, trust: Trust) -> Checkpoint:
    """A checkpoint that a trusted log and enough trusted witnesses signed.

    Raises:
        FormatError: malformed, or not signed so.
    """
    body, blank, signatures = note.rpartition("\n\n")
    text = body + "\n"
    lines = body.split("\n")
    if not blank or not signatures.endswith("\n") or len(lines) < 3 or not all(lines):
        raise FormatError("no signed checkpoint")
    if not _NUMBER.fullmatch(lines[1]):
        raise FormatError("the checkpoint's size is no number")
    logs = [key for key in trust.logs if key.name == lines[0]]
    if not logs:
        raise FormatError(f"no trusted key of the log {lines[0]}")
    signed = _signatures(signatures)
    if not _signers(text, signed, logs):
        raise FormatError("no trusted key of the log has signed the checkpoint")
    seen = _signers(text, signed, trust.witnesses)
    if len(seen) < trust.quorum:
        raise FormatError(f"{len(seen)} of {trust.quorum} trusted witnesses have signed")
    witnessed = tuple((key.name, int.from_bytes(value[:8])) for key, value in seen)
    return Checkpoint(lines[0], int(lines[1]), read_hash(lines[2]), witnessed)


def _signatures(text: str) -> list[tuple[str, bytes]]:
    lines = text.removesuffix("\n").split("\n")
    matches = [_SIGNATURE.fullmatch(line) for line in lines]
    if len(lines) > 100 or not all(matches):
        raise FormatError("a signature line is malformed")
    return [(match["name"], _base64(match["data"])) for match in matches if match]


def _signers(
    text: str, signed: Sequence[tuple[str, bytes]], keys: Sequence[Key]
) -> list[tuple[Key, bytes]]:
    """The known keys that signed, each once; one bad signature of theirs condemns the note."""
    found: dict[Key, bytes] = {}
    for key in keys:
        for name, data in signed:
            if (name, data[:4]) == (key.name, key.id) and key not in found:
                if not key.holds(text, data[4:]):
                    raise FormatError(f"the signature of {name} does not hold")
                found[key] = data[4:]
    return list(found.items())


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
    if lines and lines[0].startswith("extra "):
        _base64(lines.pop(0).removeprefix("extra "))
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
