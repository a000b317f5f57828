"""One HTTP POST to a server that is not ours: bounded in time and in what is read."""

import http.client
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from evidence.errors import EvidenceError

MOST_BYTES = 256 * 1024


class OutsideError(EvidenceError):
    """Somebody outside did not answer, or answered what cannot be used."""

    type = "outside-failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    media_type: str
    body: bytes


def post(url: str, body: bytes, media_type: str, *, timeout_s: float) -> Answer:
    """The server's answer, whatever its status.

    Raises:
        OutsideError: no answer, or a larger one than anybody has reason to give.
    """
    if not url.startswith(("http://", "https://")):
        raise OutsideError(f"{url} is no address")
    request = Request(url, body, {"Content-Type": media_type}, method="POST")
    try:
        with build_opener().open(request, timeout=timeout_s) as response:
            return _answer(url, response.status, response.headers.get_content_type(), response)
    except HTTPError as error:
        with error:
            return _answer(url, error.code, error.headers.get_content_type(), error)
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        raise OutsideError(f"{url}: {getattr(error, 'reason', None) or error}") from None


def _answer(
    url: str, status: int, media_type: str, response: http.client.HTTPResponse | HTTPError
) -> Answer:
    data = response.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OutsideError(f"{url} answered more than {MOST_BYTES} bytes")
    return Answer(status, media_type, data)
