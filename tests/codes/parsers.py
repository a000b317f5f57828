"""All of the room that reads strangers' bytes, as one function for Hypothesis and atheris."""

from collections.abc import Callable
from contextlib import suppress

from codes import (
    agent_signer,
    digital_link,
    element_strings,
    elements,
    epc,
    identifiers,
    jobs,
    jwks,
    print_reports,
    sealing,
    signing,
)
from codes.application_identifiers import TABLE
from codes.errors import CodeError

KEYS: jwks.KeySet = {}
AIS = sorted(TABLE)
STARTS = (
    "",
    "https://a/01/09506000134352/21/",
    "https://id.gs1.org/8006/095060001343520102",
    "https://a/01/09506000134352?",
    "https://a/01/09506000134352?TW=K1.",
    "urn:epc:id:",
    "]C1",
    "(01)09506000134352",
)
OF_TEXT: tuple[Callable[[str], object], ...] = (
    digital_link.parse,
    lambda text: digital_link.parse(text, short_gtins=True, alphabetic=True),
    epc.canonical_epc,
    epc.gln_of,
    element_strings.parse,
    element_strings.parse_bracketed,
    lambda text: signing.verify(text, KEYS),
    identifiers.GTIN.validate,
    identifiers.SSCC.complete,
    identifiers.GLN.validate,
    jobs.expiry_value,
    print_reports.parse_range,
    agent_signer.public_key_of_line,
)
OF_BYTES: tuple[Callable[[bytes], object], ...] = (
    jwks.load_jwks,
    lambda raw: sealing.unseal(raw, "word", "name"),
)


def feed(raw: bytes) -> None:
    """Give one input to every parser; anything but the room's error comes out."""
    text = raw[1:].decode("utf-8", errors="surrogateescape")
    chosen = raw[0] if raw else 0
    whole = STARTS[chosen % len(STARTS)] + text
    for read in OF_TEXT:
        with suppress(CodeError):
            read(whole)
    with suppress(CodeError):
        elements.validate(AIS[(chosen * 257 + len(raw)) % len(AIS)], text)
    for decode in OF_BYTES:
        with suppress(CodeError):
            decode(raw)
    signing.verify_any(whole, KEYS)
