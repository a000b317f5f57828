"""Which of several links of one type is meant: by language (RFC 4647, lookup), then media type."""

from collections.abc import Callable, Iterable, Sequence

from api.negotiation import weighted
from api.resolver.links import TypedLink

_ANY = 0.001
"""The weight of a link that says nothing of its language or type: it fits, but less than one that
says so."""


def best_of(
    links: Sequence[TypedLink], accept_language: str | None, accept: str | None
) -> list[TypedLink]:
    """The links that fit the request best: one, where the choice is clear.

    Where none is in a wanted language, language plays no part; media types likewise.
    """
    languages = list(weighted(accept_language or ""))
    types = list(weighted(accept or ""))
    fitting = _heaviest(links, lambda link: _language_weight(link, languages))
    return _heaviest(fitting, lambda link: _type_weight(link, types))


def _heaviest(
    links: Sequence[TypedLink], weight_of: Callable[[TypedLink], float]
) -> list[TypedLink]:
    weights = [weight_of(link) for link in links]
    most = max(weights, default=0.0)
    return [link for link, weight in zip(links, weights, strict=True) if weight == most]


def _language_weight(link: TypedLink, wanted: Sequence[tuple[str, float]]) -> float:
    if not link.hreflang:
        return _ANY
    return max(
        (weight for language, weight in wanted if _speaks(link.hreflang, language)), default=0.0
    )


def _speaks(tags: Iterable[str], language: str) -> bool:
    """Whether a tag is the language, one of its regions, or what it falls back to."""
    if language == "*":
        return True
    return any(
        tag.lower() == language
        or tag.lower().startswith(f"{language}-")
        or language.startswith(f"{tag.lower()}-")
        for tag in tags
    )


def _type_weight(link: TypedLink, wanted: Sequence[tuple[str, float]]) -> float:
    """The weight of the most specific range that the type lies in (RFC 9110, 12.5.1)."""
    if link.type is None:
        return _ANY
    weights = dict(wanted)
    family = link.type.partition("/")[0] + "/*"
    for name in (link.type.lower(), family, "*/*"):
        if name in weights:
            return weights[name]
    return 0.0
