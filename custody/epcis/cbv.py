"""The Core Business Vocabulary: one bare word for each standard term, however it is written.

Terms are written bare (``shipping``), as a web URI (``https://ref.gs1.org/cbv/BizStep-shipping``),
as a CURIE (``cbv:BizStep-shipping``) or as a URN of CBV 1 (``urn:epcglobal:cbv:bizstep:shipping``).
The words are those of GS1's published JSON Schema (``custody.epcis.schema``).
"""

from typing import Literal

from custody.epcis.schema import words_of

Kind = Literal["BizStep", "Disp", "BTT", "SDT", "ER"]
WEB = "https://ref.gs1.org/cbv/"
_PREFIXES = (WEB, "http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/", "cbv:")
_URN = "urn:epcglobal:cbv:"
_URN_KINDS: dict[str, Kind] = {
    "bizstep": "BizStep", "disp": "Disp", "btt": "BTT", "sdt": "SDT", "er": "ER",
}
WORDS: dict[Kind, frozenset[str]] = {
    "BizStep": words_of("bizStep"),
    "Disp": words_of("disposition"),
    "BTT": words_of("bizTransaction-type"),
    "SDT": words_of("source-dest-type"),
    "ER": words_of("error-reason"),
}
"""Standard terms by kind."""


def split_term(value: str) -> tuple[Kind | None, str] | None:
    """Kind and word of a term that is written as one of CBV's; None: it is not.

    Kind is None where it is none of those that events use.
    """
    if value.startswith(_URN):
        kind, colon, word = value[len(_URN) :].partition(":")
        return (_URN_KINDS.get(kind), word) if colon else None
    for prefix in _PREFIXES:
        if value.startswith(prefix):
            name, _, word = value[len(prefix) :].partition("-")
            known = name in WORDS
            return (name if known else None, word)  # type: ignore[return-value]
    return None


def bare(value: str) -> str:
    """CBV vocabulary as a bare word; what is not CBV's comes back as it is."""
    found = split_term(value)
    if found is None or found[0] is None:
        return value
    return found[1]


def web_uri(kind: Kind, value: str) -> str:
    """A term of ``kind`` as its web URI; what is not CBV's comes back as it is."""
    word = bare(value)
    return f"{WEB}{kind}-{word}" if word in WORDS[kind] else value


def unknown_term(kind: Kind, value: str) -> bool:
    """Whether the value claims to be a term of CBV's, of the kinds that events use, and is none
    of ``kind``."""
    found = split_term(value)
    if found is None or found[0] is None:
        return False
    return found[0] != kind or found[1] not in WORDS[kind]
