"""Versions and limits that EPCIS clients ask for and are told, in ``GS1-…`` headers.

EPCIS 2.0, section 12.3: a client may name the versions it can read; ``OPTIONS`` says what there is.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from api.problems import Problem

EPCIS_VERSION = "2.0.0"
CBV_VERSION = "2.0.0"
MOST_EVENTS = 10_000
LARGEST_DOCUMENT = 20 * 1024 * 1024
"""Bytes of a captured document."""
LD_JSON = "application/ld+json"

SPOKEN = {
    "GS1-EPCIS-Version": EPCIS_VERSION,
    "GS1-EPCIS-Min": EPCIS_VERSION,
    "GS1-EPCIS-Max": EPCIS_VERSION,
    "GS1-CBV-Version": CBV_VERSION,
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "No_Preference",
}
"""On every answer."""
CAPTURE = {
    "GS1-EPCIS-Capture-Limit": str(MOST_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(LARGEST_DOCUMENT),
    "GS1-Capture-Error-Behaviour": "rollback, proceed",
}
NEVER = "2999-12-31T23:59:59Z"
"""A page token names a place in the order of events, which never goes away."""
_FORMATS = frozenset(["", "No_Preference", "Never_Translates"])


def negotiate(request: Request) -> None:
    """Refuse what the client asks for and cannot have.

    Raises:
        Problem: 406.
    """
    named = {name: request.headers.get(name, "").strip() for name in SPOKEN}
    for name in ("GS1-EPCIS-Version", "GS1-CBV-Version"):
        if named[name] and _version(named[name]) != (2, 0):
            raise _not_acceptable(f"{name}: only 2.0 is spoken here")
    least, most = named["GS1-EPCIS-Min"], named["GS1-EPCIS-Max"]
    if (least and _version(least) > (2, 0)) or (most and _version(most) < (2, 0)):
        raise _not_acceptable("only EPCIS 2.0 is spoken here")
    if named["GS1-EPC-Format"] not in _FORMATS:
        raise _not_acceptable("identifiers are given as they were captured")
    accepted = request.headers.get("accept", "*/*").lower()
    if not any(kind in accepted for kind in ("*/*", "application/*", "json")):
        raise _not_acceptable("answers are application/json")


def _version(text: str) -> tuple[int, int]:
    parts = text.split(".")
    if not 1 <= len(parts) <= 3 or not all(p.isascii() and p.isdecimal() for p in parts):
        raise _not_acceptable(f"{text[:40]!r} is no version")
    return int(parts[0]), int(parts[1]) if len(parts) > 1 else 0


def _not_acceptable(detail: str) -> Problem:
    return Problem(406, "not-acceptable", detail, headers=SPOKEN)


def discovery(allowed: str, extra: dict[str, str]) -> Callable[[], Response]:
    """What ``OPTIONS`` answers."""

    def options() -> Response:
        """Versions and limits stand in the `GS1-…` headers."""
        return Response(status_code=204, headers={"Allow": allowed, **SPOKEN, **extra})

    return options
