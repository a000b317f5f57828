"""Events as a stranger may send them: nothing unknown, nothing from the future.

A sender leaves ``received_at`` out, since only the service knows it; every other rule is that of
the structs in ``events.model``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import msgspec

from events.errors import EventError
from events.identity import happened_at
from events.model import Event, Location, Offer, Order, Position, Scan

SubmittedEvent = TypeVar("SubmittedEvent", bound=Event)

FUTURE_S = 300
"""How far a sender's clock may be ahead (INTERFACES, 'A recording')."""

TIME_FIELD = {Scan: "scanned_at", Position: "fixed_at", Order: "ordered_at", Offer: "seen_at"}
"""Where each kind says when it happened; an item event does in ``event.eventTime``."""


def decode_json(raw: bytes | msgspec.Raw) -> Any:
    """Any JSON value; NaN, infinities and numbers out of range are none.

    Raises:
        EventError: ``json-invalid``.
    """
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise EventError(f"not JSON: {error}", type="json-invalid") from None


def as_event(
    submitted: object, kind: type[SubmittedEvent], received_at: datetime
) -> SubmittedEvent:
    """A submitted object as an event of ``kind``, received at ``received_at``.

    Its member ``kind`` may be absent; ``received_at`` may not be there.

    Raises:
        EventError: a member is unknown, missing, of another type or out of range, or the event
            happened more than 300 s after ``received_at``; ``field`` names it.
    """
    if not isinstance(submitted, dict):
        raise EventError("an event is a JSON object")
    tag = str(kind.__struct_config__.tag)
    if submitted.get("kind", tag) != tag:
        raise EventError(f"events of kind {tag!r} are taken here", field="kind")
    if "received_at" in submitted:
        raise EventError("the service itself says when it received", field="received_at")
    _refuse_unknown(submitted, kind, "")
    _refuse_nul(submitted)
    members = {**submitted, "kind": tag, "received_at": received_at}
    try:
        event = msgspec.convert(members, kind)
    except msgspec.MsgspecError as error:
        detail, _, path = str(error).partition(" - at `$")
        field = path.rstrip("`").lstrip(".")
        raise EventError(detail, field=field or _missing(detail)) from None
    _refuse_future(event, received_at)
    return event


def _refuse_nul(submitted: Mapping[str, Any]) -> None:
    """PostgreSQL's texts cannot hold U+0000, and no identifier has a use for it."""
    for name, value in submitted.items():
        if isinstance(value, str) and "\x00" in value:
            raise EventError("it has the character U+0000", field=name)


def _missing(detail: str) -> str:
    """msgspec names a missing member in its sentence, not in its path."""
    _, marker, name = detail.partition("missing required field `")
    return name.rstrip("`") if marker else ""


@cache
def _members(kind: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(kind.__struct_encode_fields__)


def _refuse_unknown(value: Mapping[str, Any], kind: type[msgspec.Struct], path: str) -> None:
    known = _members(kind) | ({"kind"} if issubclass(kind, Event) else set())
    for name in value:
        if name not in known:
            raise EventError(
                "this member is unknown", field=f"{path}{name}"[:200], type="field-unknown"
            )
    location = value.get("location") if kind is Scan else None
    if isinstance(location, dict):
        _refuse_unknown(location, Location, "location.")


def _refuse_future(event: Event, received_at: datetime) -> None:
    try:
        ahead = happened_at(event) - received_at  # type: ignore[arg-type]
    except OverflowError:
        raise EventError("the time is out of range", field=_time_field(event)) from None
    if ahead > timedelta(seconds=FUTURE_S):
        raise EventError(
            f"it lies {ahead.total_seconds():.0f} s in the future; {FUTURE_S} s are allowed",
            field=_time_field(event),
            type="event-from-future",
        )


def _time_field(event: Event) -> str:
    return TIME_FIELD.get(type(event), "event.eventTime")
