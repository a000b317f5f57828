"""Asking an RFC 3161 authority for the time of a checkpoint."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from store.evidence_anchors import Seen
from tracewarden.outside.posting import OutsideError, post


@dataclass(frozen=True, slots=True)
class Authority:
    """Where an authority is asked, and the root certificates that its signatures lead to."""

    url: str
    roots: tuple[x509.Certificate, ...]

    @property
    def name(self) -> str:
        """What it is called in the log and as a file: its host."""
        return urlsplit(self.url).hostname or "authority"


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """Root certificates from a PEM file.

    Raises:
        OutsideError: it holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(path.read_bytes()))
    except ValueError as error:
        raise OutsideError(f"{path}: {error}", type="timestamp-roots-invalid") from None


def timestamp(authority: Authority, message: bytes, *, timeout_s: float) -> tuple[bytes, Seen]:
    """The authority's response for a message, checked under its roots, and the time it states.

    Raises:
        OutsideError: it does not answer, refuses, or its signature does not hold.
    """
    asked = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = post(
        authority.url, asked.as_bytes(), "application/timestamp-query", timeout_s=timeout_s
    )
    if answer.status != 200:
        raise OutsideError(f"{authority.name} answered {answer.status}")
    try:
        response = decode_timestamp_response(answer.body)
        verifier = VerifierBuilder(roots=list(authority.roots), nonce=asked.nonce).build()
        verifier.verify_message(response, message)
    except (VerificationError, ValueError) as error:
        raise OutsideError(f"{authority.name}: {error}", type="timestamp-invalid") from None
    return answer.body, Seen(authority.name, int(response.tst_info.gen_time.timestamp()))
