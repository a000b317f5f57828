"""Signed codes: what is signed, how a signature stands in the URI, and what it proves.

The form is fixed by INTERFACES, 'A signed code'. Whoever has the public keys can verify without a
network or a database: a valid signature says that the brand issued this URI, and no more.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from codes.digital_link import DigitalLink, Element, decode, encode, parse, path_of
from codes.errors import CodeError
from codes.jwks import KEY_ID, KeySet

SignatureVerdict = Literal["valid", "invalid", "unknown-key", "revoked-key", "absent"]

SIGNATURE_KEY = "TW"
"""The query key that carries key id and signature."""

_CONTEXT = b"tracewarden-code/1\n"
# 64 bytes are 102.4 characters of base32, so that the last one has three unused bits, all zero.
_TOKEN = re.compile(r"([A-Z0-9-]{1,16})\.([A-Z2-7]{102}[AIQY])")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?")


class Signer(Protocol):
    """Something that signs with one key: a key ring's, or a device that never shows the key."""

    @property
    def key_id(self) -> str:
        """The id that verifiers look the public key up by."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over ``message``, 64 bytes."""


class SeedSigner:
    """A signer with its private key, the 32-byte seed of RFC 8032, in memory."""

    def __init__(self, key_id: str, seed: bytes) -> None:
        if not KEY_ID.fullmatch(key_id):
            raise CodeError(
                "a key id is 1 to 16 of A-Z, 0-9 and -", field="key_id", type="keys-invalid"
            )
        if len(seed) != 32:
            raise CodeError("a seed is 32 bytes", field="seed", type="keys-invalid")
        self._key_id = key_id
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def key_id(self) -> str:
        """The id that verifiers look the public key up by."""
        return self._key_id

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over ``message``, 64 bytes."""
        return self._key.sign(message)

    def public_bytes(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True)
class Verification:
    """What a URI's signature is worth. ``ok`` exactly where ``signature`` is ``valid``.

    ``gtin`` and ``serial`` are null where the URI names a logistic unit, or nothing at all;
    ``key_id`` is null where there is no well-formed signature.
    """

    uri: str
    ok: bool
    signature: SignatureVerdict
    gtin: str | None = None
    serial: str | None = None
    key_id: str | None = None


def signed_text(path: Iterable[Element], attributes: Iterable[Element]) -> str:
    """What is signed of these elements: the path, then the attributes sorted by AI."""
    query = "&".join(f"{ai}={encode(value)}" for ai, value in sorted(attributes))
    return path_of(path) + ("?" + query if query else "")


def message_of(key_id: str, signed: str) -> bytes:
    """The bytes under the signature: context, key id, and what is signed."""
    return _CONTEXT + key_id.encode() + b"\n" + signed.encode()


def token(key_id: str, signature: bytes) -> str:
    """The value of the signature's query key."""
    return f"{key_id}.{base64.b32encode(signature).decode().rstrip('=')}"


def check_domain(domain: str) -> str:
    """``domain`` where codes can be signed for it: a host name, with a port if need be.

    Raises:
        CodeError: it is none.
    """
    if not _DOMAIN.fullmatch(domain):
        raise CodeError("it is no domain name", field="domain", type="uri-invalid")
    return domain


def sign_path(path: str, signer: Signer, *, domain: str) -> str:
    """A signed code for ``path`` (from the primary key on, with its GS1 attributes if any).

    >>> signer = SeedSigner("K1", bytes(32))
    >>> sign_path("/01/09506000134352/21/A1", signer, domain="example.com")[:50]
    'HTTPS://EXAMPLE.COM/01/09506000134352/21/A1?TW=K1.'

    Raises:
        CodeError: ``path`` is no Digital Link's, or ``domain`` is none.
    """
    stem = "HTTPS://" + check_domain(domain).upper()
    link = parse(stem + path)
    if link.stem != stem or link.other or link.fragment is not None:
        raise CodeError(
            "a path to be signed starts with its key and has nothing but GS1 elements",
            field="path",
            type="uri-invalid",
        )
    signed = signed_text(link.path, link.attributes)
    signature = signer.sign(message_of(signer.key_id, signed))
    separator = "&" if link.attributes else "?"
    return f"{stem}{signed}{separator}{SIGNATURE_KEY}={token(signer.key_id, signature)}"


def sign_item(
    gtin: str,
    serial: str,
    signer: Signer,
    *,
    domain: str,
    lot: str | None = None,
    attributes: Sequence[Element] = (),
) -> str:
    """A signed code for one item.

    Raises:
        CodeError: a value is not what its AI allows.
    """
    path = [("01", gtin), *([("10", lot)] if lot else []), ("21", serial)]
    return sign_path(signed_text(path, attributes), signer, domain=domain)


def _tokens(other: Iterable[str]) -> list[str]:
    """The values of every signature key in the query's parts that are not GS1's."""
    found = []
    for part in other:
        key, _, value = part.partition("=")
        if decode(key, in_query=True) == SIGNATURE_KEY:
            found.append(decode(value, in_query=True))
    return found


def _judge(link: DigitalLink, keys: KeySet) -> tuple[SignatureVerdict, str | None]:
    tokens = _tokens(link.other)
    if not tokens:
        return "absent", None
    match = _TOKEN.fullmatch(tokens[0])
    if len(tokens) > 1 or match is None:
        return "invalid", None
    key_id = match[1]
    key = keys.get(key_id)
    if key is None:
        return "unknown-key", key_id
    signature = base64.b32decode(match[2] + "=")
    message = message_of(key_id, signed_text(link.path, link.attributes))
    if not key.verifies(signature, message):
        return "invalid", key_id
    return ("valid" if key.revoked_at is None else "revoked-key"), key_id


def verify(uri: str, keys: KeySet) -> Verification:
    """What the signature of ``uri`` is worth to somebody who trusts ``keys``.

    Raises:
        CodeError: ``uri`` is no GS1 Digital Link.
    """
    link = parse(uri)
    verdict, key_id = _judge(link, keys)
    key_ai, key_value = link.path[0]
    gtin = key_value if key_ai == "01" else None
    serial = link.value("21") if gtin is not None else None
    return Verification(uri, verdict == "valid", verdict, gtin, serial, key_id)


def verify_any(uri: str, keys: KeySet) -> tuple[Verification, CodeError | None]:
    """As ``verify``, but for whatever was read.

    What is no Digital Link has an error beside a verification that is ``invalid`` where it claims a
    signature, and ``absent`` where it does not.
    """
    try:
        return verify(uri, keys), None
    except CodeError as error:
        query = uri.partition("#")[0].partition("?")[2]
        claims = any(part.partition("=")[0] == SIGNATURE_KEY for part in query.split("&"))
        return Verification(uri, False, "invalid" if claims else "absent"), error
