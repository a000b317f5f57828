"""RFC 9457 problems: every error of a machine-readable endpoint has one form."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from events.errors import TracewardenError

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """An answer that says what is wrong.

    ``type`` is the stable slug behind ``/problems/``, ``item`` the index in a batch, ``field`` the
    member that is wrong; ``members`` are what else it tells.
    """

    def __init__(
        self,
        status: int,
        type: str,
        detail: str,
        *,
        item: int | None = None,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.type = type
        self.detail = detail
        self.item = item
        self.field = field
        self.headers = dict(headers or {})
        self.members: dict[str, Any] = {}

    @classmethod
    def of(
        cls, error: TracewardenError, *, status: int = 422, item: int | None = None
    ) -> "Problem":
        """A named error of the house as a problem."""
        return cls(status, error.type, error.detail, item=item, field=error.field or None)

    def response(self) -> Response:
        """The problem as it goes over the wire."""
        members: dict[str, Any] = {
            "type": f"/problems/{self.type}",
            "title": title_of(self.type, self.status),
            "status": self.status,
            "detail": self.detail,
        }
        if self.item is not None:
            members["item"] = self.item
        if self.field is not None:
            members["field"] = self.field
        members |= self.members
        body = msgspec.json.encode(members)
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(body, self.status, headers, MEDIA_TYPE)


TITLES = {
    "access-denied": "The key has not the scope for this",
    "alert-unknown": "There is no such alert",
    "bad-request": "The request cannot be read",
    "batch-too-large": "The batch has too many events",
    "body-too-large": "The body is too large",
    "bus-unavailable": "The event bus does not answer",
    "case-unknown": "There is no such case",
    "consent-missing": "A report needs consent",
    "content-type-unsupported": "The content type is not taken here",
    "credentials-invalid": "The key is missing, wrong, expired or revoked",
    "epcis-document-invalid": "The EPCIS document cannot be taken",
    "event-from-future": "An event is said to have happened in the future",
    "event-invalid": "An event cannot be taken",
    "field-unknown": "A member is unknown",
    "form-invalid": "The form cannot be taken",
    "header-invalid": "A header has a value that it cannot have",
    "internal-error": "A fault of the service",
    "json-invalid": "The body is not JSON",
    "link-type-unknown": "The code has no link of this type",
    "location-swapped": "Longitude and latitude look swapped",
    "log-behind-checkpoint": "The evidence log is an old copy",
    "log-not-signed": "The evidence log is not signed now",
    "log-root-differs": "The evidence log is another than was signed",
    "log-unguarded": "Nobody guards the evidence log now",
    "method-not-allowed": "The address does not take this method",
    "not-acceptable": "The answer cannot be given in the form asked for",
    "not-found": "There is nothing under this address",
    "not-ready": "The service cannot take work now",
    "nothing-logged": "The evidence log holds nothing of it yet",
    "photo-invalid": "The photo cannot be taken",
    "print-report-conflict": "Another report has this id",
    "print-report-invalid": "A print report cannot be taken",
    "purpose-invalid": "An export needs a purpose",
    "query-invalid": "A query parameter is wrong",
    "rate-limited": "Too many requests",
    "role-refused": "This role may not do that",
    "row-invalid": "A row of the table is wrong",
    "table-invalid": "The file is no table of item events",
    "uri-invalid": "The code is not a GS1 Digital Link",
    "visit-closed": "The visit does not take this, or no longer",
    "visit-unknown": "There is no such visit",
    "witness-refused": "The witness does not sign",
    "witness-storage": "The witness cannot keep what it signs",
}
"""Every type that the service gives; ``docs/partner.md`` explains them."""

_BY_STATUS = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "content-type-unsupported",
    422: "query-invalid",
    500: "internal-error",
}


def title_of(type_: str, status: int) -> str:
    """A short sentence for the type; the status' own words where there is none."""
    return TITLES.get(type_, HTTPStatus(status).phrase)


def problem_of_status(status: int, detail: str, headers: Mapping[str, str] | None) -> Problem:
    """A problem for an error of the framework, which knows only a status."""
    return Problem(status, _BY_STATUS.get(status, f"http-{status}"), detail, headers=headers)
