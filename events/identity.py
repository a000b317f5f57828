"""Who an event is and when it happened: the two things by which events are ordered."""

from datetime import UTC, datetime

from events.errors import EventError
from events.model import AnyEvent, ItemEvent, Offer, Order, Position, Scan, Tick

Identity = str
"""``kind:event_id``, with ``#error`` behind it for an EPCIS error declaration."""
DUE, LONG_DUE = "#due", "#overdue"
"""Behind an event's identity: the times at which another one should have followed it. Such a
deadline has its place in the order of judging, and is stored nowhere."""


KINDS = {
    kind: str(kind.__struct_config__.tag)
    for kind in (Scan, ItemEvent, Position, Order, Offer, Tick)
}
"""The word for each kind of event, as it stands in ``kind``."""


def identity(event: AnyEvent) -> Identity:
    """The event's identity. An error declaration is another event than the one it corrects."""
    kind = KINDS[type(event)]
    if kind == "item_event" and event.event.get("errorDeclaration") is not None:  # type: ignore[union-attr]
        return f"{kind}:{event.event_id}#error"
    return f"{kind}:{event.event_id}"


def happened_at(event: AnyEvent) -> datetime:
    """When it happened, in UTC, as its sender says; a tick happens when it is received."""
    match event:
        case Scan(scanned_at=at) | Position(fixed_at=at) | Order(ordered_at=at) | Offer(seen_at=at):
            return at.astimezone(UTC)
        case ItemEvent():
            return event_time(event)
        case _:
            return event.received_at.astimezone(UTC)


def event_time(event: ItemEvent) -> datetime:
    """``eventTime`` of the EPCIS event; an error declaration repeats that of the event it corrects.

    Raises:
        EventError: the time is absent, no RFC 3339 time, or has no offset.
    """
    return parse_time(event.event.get("eventTime"), field="event.eventTime")


def parse_time(value: object, *, field: str) -> datetime:
    """An RFC 3339 time with an offset, in UTC.

    Raises:
        EventError: the value is anything else.
    """
    if not isinstance(value, str):
        raise EventError("a time is a string in RFC 3339 form", field=field)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise EventError(f"{value!r} is no RFC 3339 time", field=field) from None
    if at.tzinfo is None:
        raise EventError(f"{value!r} has no offset from UTC", field=field)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise EventError(f"{value!r} is out of range", field=field) from None


def is_deadline(identity: Identity) -> bool:
    """Whether it stands for time that has passed, and for no event."""
    return identity.endswith((DUE, LONG_DUE))
