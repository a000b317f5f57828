"""An event with the two keys by which it is judged worked out once."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from operator import attrgetter
from typing import Generic, TypeVar

from msgspec import Struct

from events.errors import EventError
from events.identity import Identity, happened_at, identity
from events.model import AnyEvent, Scan

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

E = TypeVar("E")


def microseconds(at: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z, exactly."""
    since = at - _epoch_in(at.tzinfo)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


@lru_cache(maxsize=4096)
def _epoch_in(zone: tzinfo | None) -> datetime:
    """The epoch in a zone of one offset: between times of the very same zone a difference costs a
    twentieth. Where the offset changes over the year it would be that of the clocks on the wall."""
    return EPOCH.astimezone(zone) if type(zone) is timezone else EPOCH


def from_microseconds(at_us: int) -> datetime:
    """The time in UTC; the inverse of ``microseconds``."""
    return EPOCH + timedelta(microseconds=at_us)


def rfc3339(at_us: int) -> str:
    """The time as RFC 3339 in UTC with milliseconds, or microseconds where it has them."""
    precision = "milliseconds" if at_us % 1000 == 0 else "microseconds"
    return from_microseconds(at_us).isoformat(timespec=precision).replace("+00:00", "Z")


class Timed(Struct, Generic[E], frozen=True, gc=False):
    """An event, who it is, when it happened and when it was received.

    A struct costs a fifth of a named tuple to make, and one is made for every event that a
    judgement looks at.
    """

    identity: Identity
    at_us: int
    received_us: int
    event: E

    @property
    def order(self) -> tuple[int, Identity]:
        """The order of judging: time of happening, then identity."""
        return (self.at_us, self.identity)


by_order = attrgetter("at_us", "identity")
"""``Timed.order`` as a key to sort by, without a call in Python for each event."""

FUTURE_LIMIT_US = 300_000_000
"""A time of happening this much after ``received_at`` is refused where it enters (INTERFACES)."""


_FIRST_US = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST_US = microseconds(datetime.max.replace(tzinfo=UTC))


def _happened_us(event: AnyEvent) -> int:
    """A scan's time is not turned into UTC on the way: that would be most of what this costs."""
    if type(event) is not Scan:
        return microseconds(happened_at(event))
    at_us = microseconds(event.scanned_at)
    if not _FIRST_US <= at_us <= _LAST_US:
        raise OverflowError
    return at_us


def timed(event: AnyEvent) -> Timed[AnyEvent]:
    """The event with its keys.

    Raises:
        EventError: an EPCIS event says no valid time, or the event comes from the future.
    """
    try:
        at_us, received_us = _happened_us(event), microseconds(event.received_at)
    except OverflowError:
        raise EventError("a time is out of range") from None
    if at_us > received_us + FUTURE_LIMIT_US:
        raise EventError(
            f"it happened at {rfc3339(at_us)}, more than 300 s after it was received",
            type="event-from-the-future",
        )
    return Timed(identity(event), at_us, received_us, event)
