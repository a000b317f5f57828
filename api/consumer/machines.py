"""Requests that no person made: link previews, crawlers, and browsers that fetch ahead."""

import re
from collections.abc import Mapping

_MACHINES = re.compile(
    r"(?<!cu)bot(?:\b|[/;_-])|crawler|spider|slurp|preview|facebookexternalhit|facebot|^whatsapp/|"
    r"embedly|iframely|quora link|pinterest/0|vkshare|w3c_validator|redditbot|skypeuri|"
    r"snapchat url|mediapartners|adsbot|google-read-aloud|google-safety|googleother|"
    r"feedfetcher|urlresolver|metainspector|opengraph|linkinspector|bytespider|yisou|"
    r"sogou web|360spider|baiduspider|yandex\.com/bots|ia_archiver|chrome-lighthouse",
    re.IGNORECASE,
)
"""Names by which such programs introduce themselves; plain tools of people are not among them, and
CUBOT makes phones."""

_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def is_machine(user_agent: str | None) -> bool:
    """Whether a link preview or crawler asks."""
    return _MACHINES.search(user_agent or "") is not None


def is_fetched_ahead(headers: Mapping[str, str]) -> bool:
    """Whether a browser fetches what nobody has opened yet."""
    said = " ".join(headers.get(name, "") for name in _AHEAD).lower()
    return "prefetch" in said or "prerender" in said or "preview" in said
