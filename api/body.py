"""Request bodies with a limit: what is too large is refused before it is held in memory."""

from starlette.requests import Request
from starlette.types import Message

from api.problems import Problem

LARGEST_BODY = 5 * 1024 * 1024
"""Bytes of a batch."""


def _too_large(limit: int) -> Problem:
    return Problem(
        413, "body-too-large", f"at most {limit} bytes are taken", headers={"Connection": "close"}
    )


def check_length(request: Request, limit: int) -> None:
    """Refuse what says itself that it is too large.

    Raises:
        Problem: 413.
    """
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared[:20]) > limit:
        raise _too_large(limit)


async def read_body(request: Request, limit: int = LARGEST_BODY) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 where it is longer than ``limit``.
    """
    check_length(request, limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def limited(request: Request, limit: int) -> Request:
    """The request, with a body that breaks off with a problem once it is too large."""
    check_length(request, limit)
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        message = await request.receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return Request(request.scope, receive)


def require_json(request: Request, *, also: tuple[str, ...] = ()) -> None:
    """Refuse other content types than JSON and those named besides.

    Raises:
        Problem: 415.
    """
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    told = dict(part.strip().lower().partition("=")[::2] for part in parameters.split(";"))
    taken = ("application/json", *also)
    charset = told.get("charset", "utf-8").strip('"')
    if media_type.strip().lower() not in taken or charset != "utf-8":
        raise Problem(
            415,
            "content-type-unsupported",
            f"the body is {' or '.join(taken)} in UTF-8",
            headers={"Accept": ", ".join(taken)},
        )
