"""C2SP signed notes: text, verifier keys, and the signature lines below it."""

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from evidence.errors import NoteError
from evidence.signature_types import ED25519, SIGNATURE_TYPES, SignatureType

MAX_SIGNATURES = 100
"""C2SP asks that at least 16 be accepted."""

_KEY_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<data>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key by name: what a trusting party is configured with."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key)."""
        return sha256(b"%b\n%c%b" % (self.name.encode(), self.algorithm, self.public)).digest()[:4]

    def __str__(self) -> str:
        material = b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """A key from ``name+hash+base64``.

        Raises:
            NoteError: malformed, of an unknown type, or the hash is another key's.
        """
        name, key_id, algorithm, public = _key_parts(text, "public_bytes")
        key = cls(name, algorithm, public)
        if key.key_id != key_id:
            raise NoteError(f"the key id of {name} is not that of its key", type="key-invalid")
        return key

    def verifies(self, text: bytes, signature: bytes) -> bool:
        """Whether a signature of this key's type holds for the note's text."""
        return SIGNATURE_TYPES[self.algorithm].verify(self.public, self.name, text, signature)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key by name; the seed is the 32 bytes from which its type derives the key."""

    name: str
    algorithm: int
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        """Its public half."""
        return _verifier(self)

    def __str__(self) -> str:
        material = b64encode(bytes([self.algorithm]) + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{material}"

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier})"

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """A key from ``PRIVATE+KEY+name+hash+base64``.

        Raises:
            NoteError: malformed, of an unknown type, or the hash is another key's.
        """
        prefix = "PRIVATE+KEY+"
        if not text.startswith(prefix):
            raise NoteError("no private key", type="key-invalid")
        name, key_id, algorithm, seed = _key_parts(text.removeprefix(prefix), "seed_bytes")
        key = cls(name, algorithm, seed)
        if key.verifier.key_id != key_id:
            raise NoteError(f"the key id of {name} is not that of its key", type="key-invalid")
        return key

    @classmethod
    def from_seed(cls, name: str, seed: bytes, algorithm: int = ED25519) -> "SigningKey":
        """A key of 32 random bytes, which the caller draws.

        Raises:
            NoteError: the name is empty or holds a space or a plus sign.
        """
        if not _KEY_NAME.fullmatch(name) or not name.isprintable():
            raise NoteError("a key's name has no spaces and no plus sign", type="key-invalid")
        return cls(name, algorithm, seed)

    def sign(self, text: str, *, at: int = 0) -> "SignatureLine":
        """Sign a note's text; ``at`` is POSIX seconds, for the types that state a time."""
        signature = SIGNATURE_TYPES[self.algorithm].sign(self.seed, self.name, text.encode(), at)
        return SignatureLine(self.name, self.verifier.key_id, signature)


@lru_cache(maxsize=16)
def _verifier(key: SigningKey) -> VerifierKey:
    """Derived once: a signature names its key's id each time."""
    return VerifierKey(key.name, key.algorithm, SIGNATURE_TYPES[key.algorithm].public(key.seed))


def _key_parts(text: str, material: str) -> tuple[str, bytes, int, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    if not _KEY_NAME.fullmatch(name) or not re.fullmatch("[0-9a-fA-F]{8}", key_id):
        raise NoteError("a key is name+hash+base64", type="key-invalid")
    data = _base64(encoded)
    algorithm = SIGNATURE_TYPES.get(data[0]) if data else None
    if algorithm is None:
        raise NoteError(f"the key {name} is of an unknown type", type="key-invalid")
    if len(data) - 1 != getattr(algorithm, material):
        raise NoteError(f"the key {name} is of the wrong length", type="key-invalid")
    return name, bytes.fromhex(key_id), data[0], data[1:]


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note: who, with which key, and the bytes that its type defines."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {b64encode(self.key_id + self.signature).decode()}"

    @classmethod
    def parse(cls, line: str) -> "SignatureLine":
        """A line without its newline.

        Raises:
            NoteError: it is no signature line.
        """
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise NoteError("a signature line is '— name base64'")
        data = _base64(match["data"])
        if len(data) < 5:
            raise NoteError("a signature is longer than its key id")
        return cls(match["name"], data[:4], data[4:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and the signatures below it."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    @classmethod
    def parse(cls, data: str | bytes) -> "Note":
        """A note from its bytes; nothing of it may be believed before :meth:`verified_by`.

        Raises:
            NoteError: no UTF-8, a control character, no blank line, no or malformed signatures.
        """
        text, signatures = _split(_utf8(data))
        lines = signatures.removesuffix("\n").split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise NoteError(f"more than {MAX_SIGNATURES} signatures")
        return cls(text, tuple(SignatureLine.parse(line) for line in lines))

    def verified_by(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """The known keys that signed; signatures of unknown keys are passed over.

        Raises:
            NoteError: ``note-signature-invalid`` where a known key's signature does not hold,
                ``note-key-unknown`` where no known key has signed.
        """
        known = {(key.name, key.key_id): key for key in keys}
        found: list[VerifierKey] = []
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is None or key in found:
                continue
            if not key.verifies(self.text.encode(), line.signature):
                detail = f"the signature of {line.name} does not hold"
                raise NoteError(detail, type="note-signature-invalid")
            found.append(key)
        if not found:
            raise NoteError("no known key has signed the note", type="note-key-unknown")
        return found

    def with_signatures(self, lines: Sequence[SignatureLine]) -> "Note":
        """The same note with further signatures behind its own, each once."""
        fresh = [line for line in lines if line not in self.signatures]
        return Note(self.text, (*self.signatures, *fresh))


def sign(text: str, keys: Sequence[SigningKey], *, at: int = 0) -> Note:
    """A note over ``text`` signed by each of ``keys``.

    Raises:
        NoteError: the text does not end in a newline, or holds a control character.
    """
    _utf8(text)
    if not text.endswith("\n") or text == "\n":
        raise NoteError("a note's text ends in a newline")
    return Note(text, tuple(key.sign(text, at=at) for key in keys))


def _utf8(data: str | bytes) -> str:
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8") from None
    if any(char < " " and char != "\n" for char in text):
        raise NoteError("a note holds no control characters")
    return text


def _split(text: str) -> tuple[str, str]:
    body, blank, signatures = text.rpartition("\n\n")
    if not blank or not body or not signatures.endswith("\n") or signatures == "\n":
        raise NoteError("a note is a text, a blank line and signatures, each ending in a newline")
    return body + "\n", signatures


def _base64(text: str) -> bytes:
    """Standard base64 with padding, and no other spelling of the same bytes."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("no base64") from None
    if b64encode(data).decode() != text:
        raise NoteError("no canonical base64")
    return data


__all__ = ["Note", "SignatureLine", "SignatureType", "SigningKey", "VerifierKey", "sign"]
