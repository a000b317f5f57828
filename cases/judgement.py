"""What gathering takes: signals, a sighting, an order or an offer, at the time it was known."""

from msgspec import Struct

from events.identity import Identity
from events.model import Offer, Order
from rules.model import Movement, Sighting
from rules.signal import Signal

Trade = Order | Offer
GatherOrder = tuple[int, Identity, str]


class Judgement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of one subject as judged. ``known_us`` is the latest arrival among what it rests
    on, ``known_by`` whose that was."""

    known_us: int
    known_by: Identity
    identity: Identity
    subject: str
    signals: tuple[Signal, ...] = ()
    sighting: Sighting | None = None
    trade: Trade | None = None
    movement: Movement | None = None

    @property
    def order(self) -> GatherOrder:
        """The order of gathering: known-at, then identity (DESIGN, 'Order and time')."""
        return (self.known_us, self.identity, self.subject)
