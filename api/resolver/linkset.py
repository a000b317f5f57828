"""Linksets in JSON (RFC 9264, section 4.2) as GS1's schema of them wants."""

from collections.abc import Iterable
from typing import Any

from api.resolver.links import TypedLink
from api.resolver.target import Target

CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
CONTEXT_HEADER = (
    f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
)
LINKSET_JSON = "application/linkset+json"
LD_JSON = "application/ld+json"


def linkset_of(
    target: Target, links: Iterable[TypedLink], root: str, description: str | None
) -> dict[str, Any]:
    """The linkset: what is said of the target itself, and of the product that it belongs to."""
    own: dict[str, Any] = {"anchor": f"{root}{target.path}"}
    if description is not None:
        own["itemDescription"] = description
    product: dict[str, Any] = {"anchor": f"{root}/01/{target.gtin}"}
    is_product = own["anchor"] == product["anchor"]
    for link in links:
        holder = own if is_product or link.own or target.gtin is None else product
        if link.rel.endswith("/defaultLink"):
            holder = own
        holder.setdefault(link.rel, []).append(_attributes(link))
    contexts = [own] if len(product) == 1 else [own, product]
    return {"linkset": contexts}


def _attributes(link: TypedLink) -> dict[str, Any]:
    found: dict[str, Any] = {"href": link.href, "title": link.title}
    if link.type is not None:
        found["type"] = link.type
    if link.hreflang:
        found["hreflang"] = list(link.hreflang)
    return found


def with_context(linkset: dict[str, Any]) -> dict[str, Any]:
    """The same as JSON-LD."""
    return {"@context": CONTEXT, **linkset}
