"""Problems in the form that EPCIS clients know: types are exceptions of EPCIS 2.0, table 12-2."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from api.epcis.headers import SPOKEN
from api.problems import MEDIA_TYPE, Problem
from custody.epcis.document import Opened
from custody.epcis.schema import Violation

EXCEPTIONS = {
    400: "ValidationException",
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchResourceException",
    406: "NotAcceptableException",
    413: "CaptureLimitExceededException",
    415: "UnsupportedMediaTypeException",
    422: "ValidationException",
    500: "ImplementationException",
    503: "ImplementationException",
}
TITLES = {
    "ValidationException": "The document or event is not valid",
    "QueryParameterException": "A query parameter is wrong",
    "SecurityException": "The key is missing, wrong, or may not do this",
    "NoSuchResourceException": "There is nothing under this address",
    "NotAcceptableException": "The answer cannot be given in the form asked for",
    "CaptureLimitExceededException": "The document is larger than can be captured at once",
    "UnsupportedMediaTypeException": "The content type is not taken here",
    "ImplementationException": "A fault of the service",
}
LARGEST_LIST = 1000
"""Problems of single events that an answer lists."""


def is_epcis(request: Request) -> bool:
    """Whether the request is one of the EPCIS interface."""
    return request.url.path.startswith("/epcis/")


def epcis_response(problem: Problem) -> Response:
    """The problem with the type that EPCIS has for it; ``reason`` is the house's own."""
    name = EXCEPTIONS.get(problem.status, "ImplementationException")
    if problem.type == "query-invalid":
        name = "QueryParameterException"
    status = 400 if problem.status == 422 else problem.status
    members: dict[str, Any] = {
        "type": f"epcisException:{name}",
        "title": TITLES[name],
        "status": status,
        "detail": problem.detail,
        "reason": problem.type,
    }
    if problem.field is not None:
        members["field"] = problem.field
    members |= problem.members
    headers = {"Cache-Control": "no-store", **SPOKEN, **problem.headers}
    return Response(msgspec.json.encode(members), status, headers, MEDIA_TYPE)


class InvalidEvents(Problem):
    """A document that was refused for its events; ``errors`` lists what is wrong with each."""

    def __init__(self, errors: list[dict[str, Any]], headers: dict[str, str]) -> None:
        first = errors[0]
        detail = f"{first['detail']}; nothing was captured"
        super().__init__(
            400, "event-invalid", detail, field=first.get("field"), headers=headers
        )
        self.members["errors"] = errors[:LARGEST_LIST]


def event_problem(opened: Opened, violation: Violation, where: str) -> dict[str, Any]:
    """What is wrong with one event, as a capture job lists it."""
    pointer = "/".join(str(part) for part in violation.path)
    members: dict[str, Any] = {
        "type": "epcisException:ValidationException",
        "title": TITLES["ValidationException"],
        "status": 400,
        "detail": violation.detail,
        "item": opened.index,
        "field": where,
        "instance": f"#/epcisBody/eventList/{opened.index}" + (f"/{pointer}" if pointer else ""),
    }
    if opened.event_id:
        members["eventID"] = opened.event_id[:512]
    return members
