"""The signature types of C2SP signed-note and tlog-cosignature that we sign and verify."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04
COSIGNATURE_ML_DSA_44 = 0x06

SEED_BYTES = 32
_TIMESTAMP = struct.Struct(">Q")


class SignatureType(Protocol):
    """How a type derives its public key, signs a note's text, and checks it."""

    @property
    def public_bytes(self) -> int:
        """Length of a public key."""
        ...

    @property
    def seed_bytes(self) -> int:
        """Length of a seed."""
        ...

    def public(self, seed: bytes) -> bytes:
        """The public key of a seed."""
        ...

    def sign(self, seed: bytes, name: str, text: bytes, at: int) -> bytes:
        """The signature over a note's text, as the signature line holds it."""
        ...

    def verify(self, public: bytes, name: str, text: bytes, signature: bytes) -> bool:
        """Whether it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Ed25519Note:
    """Type 0x01: Ed25519 over the text."""

    public_bytes: int = 32
    seed_bytes: int = SEED_BYTES

    def public(self, seed: bytes) -> bytes:
        """See :class:`SignatureType`."""
        return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()

    def sign(self, seed: bytes, name: str, text: bytes, at: int) -> bytes:
        """See :class:`SignatureType`."""
        return _private_key(seed).sign(text)

    def verify(self, public: bytes, name: str, text: bytes, signature: bytes) -> bool:
        """See :class:`SignatureType`."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@lru_cache(maxsize=16)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    """Derived once: that takes as long as signing."""
    return Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(frozen=True, slots=True)
class Ed25519Cosignature:
    """Type 0x04: Ed25519 over ``cosignature/v1``, the time and the text; the time before it."""

    public_bytes: int = 32
    seed_bytes: int = SEED_BYTES

    def public(self, seed: bytes) -> bytes:
        """See :class:`SignatureType`."""
        return _NOTE.public(seed)

    def sign(self, seed: bytes, name: str, text: bytes, at: int) -> bytes:
        """See :class:`SignatureType`."""
        return _TIMESTAMP.pack(at) + _NOTE.sign(seed, name, self._message(text, at), at)

    def verify(self, public: bytes, name: str, text: bytes, signature: bytes) -> bool:
        """See :class:`SignatureType`."""
        at = timestamp_of(signature)
        if at is None:
            return False
        message = self._message(text, at)
        return _NOTE.verify(public, name, message, signature[_TIMESTAMP.size :])

    @staticmethod
    def _message(text: bytes, at: int) -> bytes:
        return b"cosignature/v1\ntime %d\n%b" % (at, text)


@dataclass(frozen=True, slots=True)
class MlDsa44Cosignature:
    """Type 0x06: ML-DSA-44 over the checkpoint's origin, size and root as a subtree from 0."""

    public_bytes: int = 1312
    seed_bytes: int = SEED_BYTES

    def public(self, seed: bytes) -> bytes:
        """See :class:`SignatureType`."""
        return MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()

    def sign(self, seed: bytes, name: str, text: bytes, at: int) -> bytes:
        """See :class:`SignatureType`."""
        message = self._message(name, text, at)
        return _TIMESTAMP.pack(at) + MLDSA44PrivateKey.from_seed_bytes(seed).sign(message)

    def verify(self, public: bytes, name: str, text: bytes, signature: bytes) -> bool:
        """See :class:`SignatureType`."""
        at = timestamp_of(signature)
        if at is None:
            return False
        try:
            key = MLDSA44PublicKey.from_public_bytes(public)
            key.verify(signature[_TIMESTAMP.size :], self._message(name, text, at))
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True

    @staticmethod
    def _message(name: str, text: bytes, at: int) -> bytes:
        # Imported here: a checkpoint is itself a note, which is made of signature types.
        from evidence.checkpoint import Checkpoint

        checkpoint = Checkpoint.parse(text.decode())
        cosigner, origin = name.encode(), checkpoint.origin.encode()
        head = b"subtree/v1\n\x00%c%b" % (len(cosigner), cosigner)
        tail = struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root
        return head + _TIMESTAMP.pack(at) + b"%c%b" % (len(origin), origin) + tail


def timestamp_of(signature: bytes) -> int | None:
    """POSIX seconds at the head of a cosignature; none where it has no such head."""
    if len(signature) < _TIMESTAMP.size:
        return None
    at = int(_TIMESTAMP.unpack_from(signature)[0])
    return at if at < 1 << 63 else None


_NOTE = Ed25519Note()

SIGNATURE_TYPES: dict[int, SignatureType] = {
    ED25519: _NOTE,
    COSIGNATURE_ED25519: Ed25519Cosignature(),
    COSIGNATURE_ML_DSA_44: MlDsa44Cosignature(),
}
