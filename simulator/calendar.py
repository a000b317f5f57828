"""A world's time: whole milliseconds since 1970 in UTC, and the forms in which lines write them."""

from datetime import UTC, datetime, timedelta, timezone

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZONES = {hours: timezone(timedelta(hours=hours)) for hours in range(-12, 15)}


def from_datetime(at: datetime) -> int:
    """An aware time as milliseconds."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def utc(at_ms: int) -> str:
    """``2026-01-05T00:00:00.000Z``."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def local(at_ms: int, offset_hours: int) -> str:
    """``2026-01-30T18:49:44-08:00``: whole seconds, as devices say it."""
    at = (_EPOCH + timedelta(seconds=at_ms // SECOND)).astimezone(_ZONES[offset_hours])
    return at.isoformat()


def offset(offset_hours: int) -> str:
    """``-08:00``."""
    return f"{'-' if offset_hours < 0 else '+'}{abs(offset_hours):02d}:00"
