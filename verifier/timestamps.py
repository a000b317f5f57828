"""RFC 3161 timestamps: the signature of a time-stamping authority over a message's hash.

The token is a CMS ``SignedData`` (RFC 5652) in DER, which ``_Element`` reads as far as needed. The
authority's certificates come with the token; whom to trust is the caller's matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import new as new_hash
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from verifier.notes import FormatError

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_TIME_STAMPING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SIGNATURE_HASHES: dict[str, hashes.HashAlgorithm] = {
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
_RSA = "1.2.840.113549.1.1.1"
"""Says nothing of the hash: then it is the signer's digest algorithm."""

_LONGEST_CHAIN = 6
SEQUENCE, SET, OID = 0x30, 0x31, 0x06


@dataclass(frozen=True, slots=True)
class Stamp:
    """The time that an authority stated; ``root`` is the SHA-256 of the public key of the root that
    its certificate leads to, none where the caller trusts none of them.

    The root tells authorities apart: whoever made the bundle chose its files' names, and one
    authority may sign with many certificates.
    """

    time: int
    root: bytes | None

    @property
    def trusted(self) -> bool:
        """Whether the certificate leads to a root that the caller trusts."""
        return self.root is not None


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of DER: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def inner(self) -> list["_Element"]:
        """The elements within."""
        found, at = [], 0
        while at < len(self.content):
            found.append(_read(self.content, at))
            at += len(found[-1].whole)
        return found

    def oid(self) -> str:
        """The object identifier."""
        if self.tag != OID or not self.content or self.content[-1] & 0x80:
            raise FormatError("an object identifier is expected")
        first, *rest = self.content
        arcs, value = [min(first // 40, 2)], 0
        arcs.append(first - 40 * arcs[0])
        for byte in rest:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        return ".".join(map(str, arcs))


def _read(data: bytes, begin: int = 0) -> _Element:
    """The element that begins at a place; reading all of many costs no more than their bytes."""
    head = data[begin : begin + 6]
    if len(head) < 2 or head[0] & 0x1F == 0x1F:
        raise FormatError("the timestamp is malformed")
    length, at = head[1], 2
    if length & 0x80:
        count = length & 0x7F
        at += count
        length = int.from_bytes(head[2:at])
        if not 1 <= count <= 4 or length < 0x80 or not head[2]:
            raise FormatError("the timestamp is malformed")
    end = begin + at + length
    if len(data) < end:
        raise FormatError("the timestamp is cut off")
    return _Element(head[0], data[begin + at : end], data[begin:end])


def read_timestamp(response: bytes, message: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """The time that an authority stated for the message.

    Raises:
        FormatError: malformed, for another message, or a signature in it does not hold.
    """
    try:
        return _stamp(response, message, roots)
    except FormatError:
        raise
    except (LookupError, ValueError, UnsupportedAlgorithm, x509.ExtensionNotFound):
        raise FormatError("the timestamp is malformed") from None


def _stamp(response: bytes, message: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    outer = _read(response)
    if outer.whole != response:
        raise FormatError("there are bytes behind the timestamp")
    status, token = outer.inner()
    if status.inner()[0].content not in (b"\0", b"\1"):
        raise FormatError("the authority did not grant the timestamp")
    kind, explicit = token.inner()
    (signed,) = explicit.inner()
    _, _, encapsulated, *rest = signed.inner()
    if kind.oid() != _SIGNED_DATA or encapsulated.inner()[0].oid() != _TST_INFO:
        raise FormatError("no timestamp")
    (info,) = encapsulated.inner()[1].inner()
    certificates = [
        x509.load_der_x509_certificate(one.whole)
        for part in rest if part.tag == 0xA0 for one in part.inner()
    ]  # fmt: skip
    (signer,) = rest[-1].inner()
    time = _check_info(_read(info.content), message)
    certificate = _check_signer(signer, info.content, certificates)
    return Stamp(int(time.timestamp()), _root_of(certificate, certificates, roots, time))


def _check_info(info: _Element, message: bytes) -> datetime:
    """``TSTInfo`` speaks of the message; the time that it states."""
    _, _, imprint, _, time, *_ = info.inner()
    algorithm, digest = imprint.inner()
    if digest.content != _digest(algorithm, message):
        raise FormatError("the timestamp is for another message")
    text = time.content.decode("ascii")
    whole = text.removesuffix("Z").partition(".")[0]
    return datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _digest(algorithm: _Element, data: bytes) -> bytes:
    found = _HASHES.get(algorithm.inner()[0].oid())
    if found is None:
        raise FormatError("a hash that this verifier does not know")
    return new_hash(found.name, data).digest()


def _check_signer(
    signer: _Element, content: bytes, certificates: Sequence[x509.Certificate]
) -> x509.Certificate:
    """The certificate whose key signed the attributes, which hold the content's hash."""
    _, identity, digest, attributes, algorithm, signature, *_ = signer.inner()
    issuer, serial = identity.inner()
    number = int.from_bytes(serial.content)
    own = [
        one for one in certificates
        if one.serial_number == number and one.issuer.public_bytes() == issuer.whole
    ]  # fmt: skip
    if not own:
        raise FormatError("the authority's certificate is not in the timestamp")
    values = {one.inner()[0].oid(): one.inner()[1].inner()[0] for one in attributes.inner()}
    if values[_CONTENT_TYPE].oid() != _TST_INFO:
        raise FormatError("the signature is for another kind of content")
    if values[_MESSAGE_DIGEST].content != _digest(digest, content):
        raise FormatError("the timestamp's content is not what was signed")
    _check_named(values, own[0])
    signed = bytes([SET]) + attributes.whole[1:]
    _check_signature(own[0], algorithm, digest, signature.content, signed)
    return own[0]


def _check_named(values: dict[str, _Element], certificate: x509.Certificate) -> None:
    """The signed attributes name this certificate by its hash (RFC 5816)."""
    der = certificate.public_bytes(Encoding.DER)
    named = values.get(_SIGNING_CERTIFICATE_V2) or values[_SIGNING_CERTIFICATE]
    first, *more = named.inner()[0].inner()[0].inner()
    if first.tag == SEQUENCE:
        value, actual = more[0], _digest(first, der)
    else:
        name = "sha256" if _SIGNING_CERTIFICATE_V2 in values else "sha1"
        value, actual = first, new_hash(name, der, usedforsecurity=False).digest()
    if value.content != actual:
        raise FormatError("the timestamp names another certificate")


def _check_signature(
    certificate: x509.Certificate,
    algorithm: _Element,
    digest: _Element,
    signature: bytes,
    signed: bytes,
) -> None:
    key, kind = certificate.public_key(), algorithm.inner()[0].oid()
    how = (_HASHES if kind == _RSA else _SIGNATURE_HASHES).get(
        digest.inner()[0].oid() if kind == _RSA else kind
    )
    try:
        if isinstance(key, rsa.RSAPublicKey) and how:
            key.verify(signature, signed, padding.PKCS1v15(), how)
        elif isinstance(key, ec.EllipticCurvePublicKey) and how:
            key.verify(signature, signed, ec.ECDSA(how))
        else:
            raise FormatError("a signature scheme that this verifier does not know")
    except InvalidSignature:
        raise FormatError("the authority's signature does not hold") from None


def _root_of(
    certificate: x509.Certificate,
    certificates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    time: datetime,
) -> bytes | None:
    """The trusted root that the certificate, which may sign times, leads to, all valid then."""
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [_TIME_STAMPING]:
        raise FormatError("the certificate is not one for timestamps")
    at = certificate
    for _ in range(_LONGEST_CHAIN):
        if not at.not_valid_before_utc <= time <= at.not_valid_after_utc:
            return None
        if at in roots:
            return root_key(at)
        issuer = next((one for one in (*roots, *certificates) if _issued(one, at)), None)
        if issuer is None or issuer == at:
            return None
        at = issuer
    return None


def root_key(root: x509.Certificate) -> bytes:
    """What a root is known by: a renewed certificate of the same key is the same authority's."""
    key = root.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(key).digest()


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return basic.value.ca
