"""What came in: events, their identity, their times, and the records that carry them."""

from events.errors import EventError, TracewardenError
from events.identity import Identity, happened_at, identity
from events.model import AnyEvent, Event, ItemEvent, Location, Offer, Order, Position, Scan, Tick
from events.wire import decode_event, decode_record, encode_event, encode_record

__all__ = [
    "AnyEvent", "Event", "EventError", "Identity", "ItemEvent", "Location", "Offer", "Order",
    "Position", "Scan", "Tick", "TracewardenError", "decode_event", "decode_record",
    "encode_event", "encode_record", "happened_at", "identity",
]
