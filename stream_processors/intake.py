"""From a record's bytes to events that can be stored, and what is wrong with the others."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.errors import EventError
from events.identity import KINDS
from events.model import AnyEvent
from events.timed import timed
from events.wire import decode_event, decode_events, decode_record
from store.incoming import Incoming, incoming_of, is_plain
from stream_processors.bus.port import BusRecord
from stream_processors.topics import TOPIC_OF_KIND


class Refused(NamedTuple):
    """Bytes that are no event that can be taken, and why."""

    raw: bytes
    error_type: str
    detail: str


class Intake(NamedTuple):
    """What a record held."""

    incoming: list[Incoming]
    refused: list[Refused]


def take_in(record: BusRecord) -> Intake:
    """Every event of a record; one that is bad spoils no other."""
    try:
        raws = decode_record(record.value)
    except EventError as error:
        return Intake([], [Refused(record.value, error.type, error.detail)])
    events: Sequence[AnyEvent | None] = decode_events(record.value) or [None] * len(raws)
    plain = is_plain(record.value)
    incoming: list[Incoming] = []
    refused: list[Refused] = []
    for raw, event in zip(raws, events, strict=True):
        event_bytes = bytes(raw)
        try:
            incoming.append(_read(event_bytes, event, record.topic, plain=plain))
        except EventError as error:
            where = f"{error.field}: " if error.field else ""
            refused.append(Refused(event_bytes, error.type, where + error.detail))
    return Intake(incoming, refused)


def _read(raw: bytes, event: AnyEvent | None, topic: str, *, plain: bool) -> Incoming:
    event = event or decode_event(raw)
    kind = KINDS[type(event)]
    if TOPIC_OF_KIND[kind] != topic:
        raise EventError(f"a {kind} does not belong on {topic}", field="kind")
    return incoming_of(timed(event), raw, plain=plain)


def all_of(records: Iterable[BusRecord]) -> tuple[list[Incoming], list[tuple[BusRecord, Refused]]]:
    """The events of several records, and what was refused with the record it came in."""
    incoming: list[Incoming] = []
    refused: list[tuple[BusRecord, Refused]] = []
    for record in records:
        intake = take_in(record)
        incoming += intake.incoming
        refused += [(record, bad) for bad in intake.refused]
    return incoming, refused
