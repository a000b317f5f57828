"""Public keys as a JSON Web Key Set: Ed25519 keys (RFC 8037) that codes are verified with."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from codes.errors import CodeError

KEY_ID = re.compile(r"[A-Z0-9-]{1,16}")
"""What a key id may be: it keeps to QR's alphanumeric set."""

_RAW_KEY_BYTES = 32


@dataclass(frozen=True)
class PublicKey:
    """A key that signatures are checked with.

    ``valid_from`` and ``valid_to`` say when it may sign, ``revoked_at`` since when it is not to be
    trusted; codes issued before stay valid, which only the registry can tell.
    """

    key_id: str
    raw: bytes
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    revoked_at: datetime | None = None

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made ``signature`` over ``message``."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def may_sign_at(self, at: datetime) -> bool:
        """Whether the key is in its validity at ``at`` and not revoked by then."""
        begun = self.valid_from is None or self.valid_from <= at
        ended = self.valid_to is not None and self.valid_to <= at
        return begun and not ended and (self.revoked_at is None or at < self.revoked_at)


KeySet = Mapping[str, PublicKey]
"""Public keys by their ids."""


def revoked_at_of(key_id: str | None, keys: KeySet) -> datetime | None:
    """When the key was revoked, where it was."""
    key = None if key_id is None else keys.get(key_id)
    return None if key is None else key.revoked_at


class _Jwk(msgspec.Struct):
    kty: str
    crv: str | None = None
    x: str | None = None
    kid: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    revoked_at: datetime | None = None


class _JwkSet(msgspec.Struct):
    keys: list[_Jwk]


_decoder = msgspec.json.Decoder(_JwkSet)


def _refused(detail: str, field: str = "") -> CodeError:
    return CodeError(detail, field=field, type="keys-invalid")


def _public_key(jwk: _Jwk, at: int) -> PublicKey:
    where = f"keys[{at}]"
    if jwk.kid is None or not KEY_ID.fullmatch(jwk.kid):
        raise _refused("a key id is 1 to 16 of A-Z, 0-9 and -", f"{where}.kid")
    text = jwk.x or ""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _RAW_KEY_BYTES:
        raise _refused("an Ed25519 key is 32 bytes in base64url", f"{where}.x")
    for name in ("valid_from", "valid_to", "revoked_at"):
        instant = getattr(jwk, name)
        if instant is not None and instant.tzinfo is None:
            raise _refused("a time has an offset", f"{where}.{name}")
    return PublicKey(jwk.kid, raw, jwk.valid_from, jwk.valid_to, jwk.revoked_at)


def load_jwks(raw: bytes) -> dict[str, PublicKey]:
    """The Ed25519 keys of a JWK set; keys of other kinds are passed over, as RFC 7517 asks.

    Raises:
        CodeError: ``keys-invalid``: it is no JWK set, a key is malformed, or an id stands twice.
    """
    try:
        decoded = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(f"not a JWK set: {error}") from None
    keys: dict[str, PublicKey] = {}
    for at, jwk in enumerate(decoded.keys):
        if jwk.kty != "OKP" or jwk.crv != "Ed25519":
            continue
        key = _public_key(jwk, at)
        if key.key_id in keys:
            raise _refused(f"key id {key.key_id} stands there twice", f"keys[{at}].kid")
        keys[key.key_id] = key
    return keys


def _times(key: PublicKey) -> dict[str, str]:
    times = {"valid_from": key.valid_from, "valid_to": key.valid_to, "revoked_at": key.revoked_at}
    return {name: at.isoformat() for name, at in times.items() if at is not None}


def dump_jwks(keys: Iterable[PublicKey]) -> bytes:
    """The keys as a JWK set, with their validity and revocation as members of our own."""
    encoded = [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": key.key_id,
            "x": base64.urlsafe_b64encode(key.raw).rstrip(b"=").decode(),
            **_times(key),
        }
        for key in keys
    ]
    return msgspec.json.format(msgspec.json.encode({"keys": encoded}), indent=2) + b"\n"
