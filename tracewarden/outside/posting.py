"""One HTTP POST to a server that is not ours: bounded in time and in what is read."""

import http.client
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.error import URLError
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

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
    """The server's answer, whatever its status: a redirect is one, too, and is not followed.

    Args:
        timeout_s: for the whole of it. A server that says a byte now and then has no more.

    Raises:
        OutsideError: no answer, or a larger one than anybody has reason to give.
    """
    if not url.startswith(("http://", "https://")):
        raise OutsideError(f"{url} is no address")
    try:
        request = Request(url, body, {"Content-Type": media_type}, method="POST")
        with (
            _Deadline(timeout_s) as deadline,
            _opener(deadline).open(request, timeout=timeout_s) as response,
        ):
            return _answer(url, response)
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        raise OutsideError(f"{url}: {getattr(error, 'reason', None) or error}") from None


def _answer(url: str, response: HTTPResponse) -> Answer:
    data = response.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OutsideError(f"{url} answered more than {MOST_BYTES} bytes")
    if response.length:
        raise OutsideError(f"{url} answered {response.length} bytes less than it said, or too late")
    return Answer(response.status, response.headers.get_content_type(), data)


class _Deadline:
    """Cuts a connection off once its time is over: each single wait on a socket has as much."""

    def __init__(self, timeout_s: float) -> None:
        self._timer = threading.Timer(timeout_s, self._cut)
        self._timer.daemon = True
        self._sock: socket.socket | None = None

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._sock is not None:
            self._sock.close()

    def watch(self, sock: socket.socket) -> None:
        """Cut this connection; a second handle of it, since TLS takes the first one over."""
        self._sock = sock.dup()

    def _cut(self) -> None:
        if self._sock is not None:
            with suppress(OSError):  # It has just ended by itself.
                self._sock.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    """A connection that its deadline knows from before the first byte, also below TLS."""

    deadline: _Deadline

    def connect(self) -> None:
        super().connect()
        self.deadline.watch(self.sock)


class _SecureConnection(HTTPSConnection, _Connection):
    pass


def _opener(deadline: _Deadline) -> OpenerDirector:
    """Through a proxy where the environment names one; no status is an error, none is followed."""

    def watched(kind: type[_Connection]) -> Any:
        def connection(*args: Any, **more: Any) -> _Connection:
            made = kind(*args, **more)
            made.deadline = deadline
            return made

        return connection

    class Http(HTTPHandler):
        def http_open(self, req: Request) -> HTTPResponse:
            return self.do_open(watched(_Connection), req)

    class Https(HTTPSHandler):
        def https_open(self, req: Request) -> HTTPResponse:
            return self.do_open(watched(_SecureConnection), req)

    opener = OpenerDirector()
    for handler in (ProxyHandler(), Http(), Https()):
        opener.add_handler(handler)
    return opener
