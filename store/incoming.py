"""Events on their way into the store: decoded, timed, with what they are found by."""

from msgspec import Struct

from custody import Role, Step, read_step
from events.errors import EventError
from events.identity import Identity
from events.model import AnyEvent, ItemEvent, Offer, Order, Position, Scan
from events.timed import Timed
from rules.item import item_of


class Incoming(Struct, frozen=True, gc=False):
    """An event on its way into the store: decoded, timed, as the bytes that came, and what it is
    found by."""

    timed: Timed[AnyEvent]
    raw: bytes
    subject: str
    step: Step | None = None
    roles: dict[str, Role] | None = None

    @property
    def identity(self) -> Identity:
        """The event's identity."""
        return self.timed.identity


def subject_of(event: AnyEvent) -> str:
    """What an event is found by: item, tracker or product."""
    match event:
        case Scan():
            return item_of(event)
        case Position(tracker_id=tracker_id):
            return tracker_id
        case Order(gtin=gtin) | Offer(gtin=gtin):
            return gtin
        case _:
            return ""


def incoming_of(event: Timed[AnyEvent], raw: bytes, *, plain: bool = False) -> Incoming:
    """An event ready to be stored; ``plain`` where bytes around it are known to be (``is_plain``).

    Raises:
        EventError: an item event that custody cannot read, or text that no database can hold.
    """
    one = event.event
    if isinstance(one, ItemEvent):
        incoming = Incoming(event, raw, "", *read_step(one))
    else:
        incoming = Incoming(event, raw, subject_of(one))
    if not (plain or is_plain(raw)):
        _refuse_bad_text(incoming)
    return incoming


def is_plain(raw: bytes) -> bool:
    """Whether bytes of JSON hold only text that any database can. A look at all of them spares
    nearly every event the look at its keys: JSON can say NUL only so. Most hold no backslash, which
    is found much faster than a word."""
    return raw.isascii() and (b"\\" not in raw or b"\\u0000" not in raw)


def _refuse_bad_text(incoming: Incoming) -> None:
    try:
        incoming.raw.decode()
    except UnicodeDecodeError as error:
        raise EventError(f"not UTF-8: {error}") from None
    if any("\0" in key for key in [incoming.identity, incoming.subject, *(incoming.roles or ())]):
        raise EventError("an identifier holds a NUL character")
