"""What the client wants: HTML or JSON, English or Chinese (RFC 9110, section 12)."""

from collections.abc import Iterator
from typing import Literal

Language = Literal["en", "zh"]


def weighted(header: str) -> Iterator[tuple[str, float]]:
    """The values of a header in the order written, in lower case, with their weights."""
    for part in header.split(","):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, text = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    weight = min(1.0, max(0.0, float(text)))
                except ValueError:
                    weight = 0.0
        if value:
            yield value.lower(), weight


def prefers_json(accept: str | None) -> bool:
    """Whether JSON is wanted more than HTML; who says nothing in particular gets a page.

    >>> prefers_json("application/json")
    True
    >>> prefers_json("text/html,application/xhtml+xml,*/*;q=0.8")
    False
    """
    html = json = 0.0
    for value, weight in weighted(accept or "*/*"):
        if value in ("text/html", "application/xhtml+xml"):
            html = max(html, weight)
        elif value == "application/json" or value.endswith("+json"):
            json = max(json, weight)
        elif value == "text/*":
            html = max(html, weight * 0.99)
        elif value == "application/*":
            json = max(json, weight * 0.99)
    return json > html


def language_of(accept_language: str | None) -> Language:
    """The preferred of the two languages; English where neither is wanted.

    >>> language_of("zh-CN,zh;q=0.9,en;q=0.8")
    'zh'
    >>> language_of("fr, en;q=0.5")
    'en'
    """
    best: Language = "en"
    best_weight = 0.0
    for value, weight in weighted(accept_language or ""):
        primary = value.partition("-")[0]
        if weight > best_weight and primary in ("en", "zh"):
            best, best_weight = ("zh" if primary == "zh" else "en"), weight
    return best
