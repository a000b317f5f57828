"""Secrets at rest: sealed with a passphrase by scrypt (RFC 7914) and AES-256-GCM."""

import base64
from collections.abc import Callable

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from codes.errors import CodeError

Entropy = Callable[[int], bytes]
"""Gives so many random bytes; the composition root hands in the system's."""

_FORMAT = "tracewarden-sealed/1"
_COST = 2**15
_COST_MAX = 2**20


class _Sealed(msgspec.Struct):
    format: str
    cost: int
    salt: str
    nonce: str
    box: str


_decoder = msgspec.json.Decoder(_Sealed)


def _key(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def seal(secret: bytes, passphrase: str, name: str, entropy: Entropy) -> bytes:
    """``secret`` as JSON that only ``passphrase`` opens, and only under the same ``name``."""
    salt, nonce = entropy(16), entropy(12)
    box = AESGCM(_key(passphrase, salt, _COST)).encrypt(nonce, secret, name.encode())
    sealed = _Sealed(_FORMAT, _COST, _text(salt), _text(nonce), _text(box))
    return msgspec.json.encode(sealed) + b"\n"


def unseal(raw: bytes, passphrase: str, name: str) -> bytes:
    """The secret that was sealed under ``name``.

    Raises:
        CodeError: ``keys-invalid``: the passphrase is another, or the file was changed.
    """
    try:
        sealed = _decoder.decode(raw)
        salt, nonce, box = (
            base64.b64decode(text, validate=True)
            for text in (sealed.salt, sealed.nonce, sealed.box)
        )
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CodeError(f"{name}: not a sealed file: {error}", type="keys-invalid") from None
    power_of_two = 2 <= sealed.cost <= _COST_MAX and sealed.cost & (sealed.cost - 1) == 0
    if sealed.format != _FORMAT or not power_of_two or len(nonce) != 12:
        raise CodeError(f"{name}: not a sealed file of this version", type="keys-invalid")
    try:
        opened = AESGCM(_key(passphrase, salt, sealed.cost)).decrypt(nonce, box, name.encode())
    except InvalidTag:
        raise CodeError(f"{name}: the passphrase does not open it", type="keys-invalid") from None
    return opened
