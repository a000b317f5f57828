"""JSON-LD contexts of an EPCIS document: which prefixes stand for which namespaces.

Only what EPCIS needs of JSON-LD is done here: prefixes declared in line. Remote contexts are never
fetched; those of GS1 are known, and of others only the address is kept.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_STANDARD = ("https://ref.gs1.org/standards/epcis/", "https://gs1.github.io/EPCIS/")
KNOWN = {
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": "https://gs1.org/voc/",
    "cbv": "https://ref.gs1.org/cbv/",
    "epcis": "https://ref.gs1.org/epcis/",
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes of the standard's own context."""

Context = str | Mapping[str, Any]


def contexts_of(holder: Mapping[str, Any]) -> Iterator[Context]:
    """The contexts under ``@context``, one by one; what is no context is passed over."""
    found = holder.get("@context")
    for one in found if isinstance(found, list) else [found]:
        if isinstance(one, str | dict):
            yield one


def own_contexts(holder: Mapping[str, Any]) -> list[Context]:
    """The contexts besides GS1's standard one: the sender's extensions."""
    return [
        one
        for one in contexts_of(holder)
        if not (isinstance(one, str) and one.startswith(_STANDARD))
    ]


def prefixes_of(contexts: Iterable[Context]) -> dict[str, str]:
    """Prefix → namespace, as the standard and these contexts declare them."""
    found = dict(KNOWN)
    for one in contexts:
        if isinstance(one, Mapping):
            found |= {
                name: value
                for name, value in one.items()
                if isinstance(value, str) and not name.startswith("@")
            }
    return found


def with_context(event: Mapping[str, Any], contexts: list[Context]) -> dict[str, Any]:
    """The event with the sender's contexts of its document before its own; GS1's goes without
    saying, so that an event in a document and the same event bare are equal."""
    own = own_contexts(event)
    merged = [one for one in contexts if one not in own] + own
    bare = {name: value for name, value in event.items() if name != "@context"}
    return {"@context": merged, **bare} if merged else bare
