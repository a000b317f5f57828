"""Pages: the token that says where the next one begins, and the ``Link`` to it (RFC 8288)."""

import base64
import binascii
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request

from api.epcis.headers import NEVER
from api.problems import Problem

Place = tuple[int, str]
_decoder: msgspec.json.Decoder[Place] = msgspec.json.Decoder(Place)
_PER_PAGE = 30
_MOST_PER_PAGE = 1000


def token_of(place: Place) -> str:
    """The place behind which the next page begins."""
    raw = msgspec.json.encode(place)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def place_of(token: str | None) -> Place | None:
    """The place in a token.

    Raises:
        Problem: 400; it is none of ours.
    """
    if token is None:
        return None
    try:
        return _decoder.decode(base64.b64decode(token + "=" * (-len(token) % 4), b"-_", True))
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        detail = "this is no token of a page"
        raise Problem(400, "query-invalid", detail, field="nextPageToken") from None


def per_page(request: Request) -> int:
    """How many are wanted.

    Raises:
        Problem: 400.
    """
    text = request.query_params.get("perPage", str(_PER_PAGE))
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 10 and int(text) > 0):
        raise Problem(400, "query-invalid", "a number from 1 on is expected", field="perPage")
    return min(int(text), _MOST_PER_PAGE)


def absolute(request: Request, path: str) -> str:
    """A path of this service as the client can reach it."""
    return f"{str(request.base_url).rstrip('/')}{path}"


def next_link(request: Request, place: Place) -> dict[str, str]:
    """Headers that lead to the next page."""
    query = [(k, v) for k, v in request.query_params.multi_items() if k != "nextPageToken"]
    query.append(("nextPageToken", token_of(place)))
    path = request.scope.get("raw_path", request.url.path.encode()).split(b"?")[0].decode("ascii")
    url = absolute(request, f"{path}?{urlencode(query)}")
    return {"Link": f'<{url}>; rel="next"', "GS1-Next-Page-Token-Expires": NEVER}
