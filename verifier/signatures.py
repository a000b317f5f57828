"""The signature types of C2SP signed-note and tlog-cosignature that a verifier meets."""

from base64 import b64decode

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOG_KEY = 0x01
"""Ed25519 over the note's text."""

WITNESS_KEY = 0x04
"""Ed25519 over ``cosignature/v1``, a time and the text."""

ML_DSA_KEY = 0x06
"""ML-DSA-44 over ``subtree/v1``: who signs, when, and the checkpoint's origin, size and root."""

LENGTHS = {LOG_KEY: 32, WITNESS_KEY: 32, ML_DSA_KEY: 1312}
"""Bytes of a public key, by type."""

UNKNOWN = "unknown algorithm, not counted"


def holds(kind: int, public: bytes, name: str, text: str, signature: bytes) -> bool | None:
    """Whether a signature of this type holds; None where this verifier does not know the type, or
    its ``cryptography`` not the algorithm."""
    if kind == LOG_KEY:
        return _ed25519(public, signature, text.encode())
    time, rest = signature[:8], signature[8:]
    if kind in (WITNESS_KEY, ML_DSA_KEY) and int.from_bytes(time) >= 1 << 63:
        return False
    if kind == WITNESS_KEY:
        head = b"cosignature/v1\ntime %d\n" % int.from_bytes(time)
        return _ed25519(public, rest, head + text.encode())
    if kind == ML_DSA_KEY:
        message = _subtree(name, time, text)
        return False if message is None else _ml_dsa_44(public, rest, message)
    return None


def _ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ml_dsa_44(public: bytes, signature: bytes, message: bytes) -> bool | None:
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa
    except ImportError:  # cryptography before 47
        return None
    try:
        mldsa.MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except UnsupportedAlgorithm:
        return None
    except (InvalidSignature, ValueError):
        return False
    return True


def _subtree(name: str, time: bytes, text: str) -> bytes | None:
    """``cosigned_message`` of tlog-cosignature, for a whole tree; none for no checkpoint's text."""
    try:
        origin, size, root, *_ = text.split("\n")
        end, leaf = int(size).to_bytes(8), b64decode(root, validate=True)
    except (ValueError, OverflowError):
        return None
    who, log = name.encode(), origin.encode()
    if len(time) != 8 or len(who) > 255 or len(log) > 255 or len(leaf) != 32:
        return None
    head = b"subtree/v1\n\0%c%b%b%c%b" % (len(who), who, time, len(log), log)
    return head + bytes(8) + end + leaf
