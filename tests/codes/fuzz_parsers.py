"""Coverage-guided fuzzing of what reads strangers' bytes: only the room's error may come out.

Run: ``python -m tests.codes.fuzz_parsers -max_total_time=60`` (needs ``atheris``).
"""

import sys
from contextlib import suppress

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["codes"]):
    from codes import digital_link, element_strings, epc, jwks, signing
    from codes.errors import CodeError

KEYS: jwks.KeySet = {}
STARTS = (
    "",
    "https://a/01/09506000134352/21/",
    "https://id.gs1.org/8006/095060001343520102",
    "https://a/01/09506000134352?",
    "https://a/01/09506000134352?TW=K1.",
    "urn:epc:id:",
)


def _try(work: object, text: str) -> None:
    assert callable(work)
    with suppress(CodeError):
        work(text)


def one_input(raw: bytes) -> None:
    """Feed one input to every parser."""
    text = raw[1:].decode("utf-8", errors="surrogateescape")
    uri = STARTS[raw[0] % len(STARTS)] + text if raw else ""
    for work in (digital_link.parse, epc.canonical_epc, epc.gln_of, element_strings.parse):
        _try(work, uri)
    _try(lambda given: signing.verify(given, KEYS), uri)
    _try(lambda given: digital_link.parse(given, short_gtins=True, alphabetic=True), uri)
    _try(element_strings.parse_bracketed, text)
    with suppress(CodeError):
        jwks.load_jwks(raw)


def main() -> None:
    """Fuzz until the limits on the command line."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
