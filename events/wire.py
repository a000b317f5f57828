"""Bytes in, events out: a recording's line, and the Kafka record that carries a batch of them."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from events.errors import EventError
from events.model import AnyEvent

_event_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_encoder = msgspec.json.Encoder()


class Record(msgspec.Struct, frozen=True):
    """A Kafka record: version 1 and a batch of events, each still as its own bytes."""

    v: int
    events: list[msgspec.Raw]


_record_decoder = msgspec.json.Decoder(Record)


class _Batch(msgspec.Struct):
    v: int
    events: list[AnyEvent]


_batch_decoder = msgspec.json.Decoder(_Batch)


def decode_event(raw: bytes | msgspec.Raw) -> AnyEvent:
    """One event, strictly: unknown fields, missing ones and values out of range are refused.

    Raises:
        EventError: with the field where the decoder says it.
    """
    try:
        return _event_decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise _explained(str(error)) from None
    except (UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise EventError(f"not a JSON event: {error}") from None


def _explained(message: str) -> EventError:
    """msgspec says ``… - at `$.field` ``: the path becomes the error's field."""
    detail, _, path = message.partition(" - at `$")
    return EventError(detail, field=path.rstrip("`").lstrip("."))


def encode_event(event: AnyEvent) -> bytes:
    """The event as a line of ``events.jsonl``, without the newline; absent members are left out."""
    return _encoder.encode(event)


def decode_record(raw: bytes) -> list[msgspec.Raw]:
    """The batch in a record, each event as raw bytes, so that one bad event spoils no other.

    Raises:
        EventError: the record itself is not ``{"v":1,"events":[…]}``.
    """
    try:
        record = _record_decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise EventError(f"not a record: {error}", type="record-invalid") from None
    if record.v != 1:
        raise EventError(f"record version {record.v} is unknown", field="v", type="record-invalid")
    return record.events


def decode_events(raw: bytes) -> list[AnyEvent] | None:
    """All events of a record in one go, at half of what ``decode_event`` costs for each; None where
    one of them is bad, and only looking at each will say which."""
    try:
        return _batch_decoder.decode(raw).events
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        return None


def encode_record(events: Iterable[bytes]) -> bytes:
    """A record around events that are JSON already."""
    return b'{"v":1,"events":[' + b",".join(events) + b"]}"


def is_finite(values: Sequence[float]) -> bool:
    """Whether no value is NaN or infinite (JSON cannot say them; callers in Python can)."""
    return all(math.isfinite(value) for value in values)
