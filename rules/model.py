"""What a rule is and what it says: a fold over one subject's events that yields findings."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from events.identity import Identity
from events.model import Crs, Location, Source
from registry.model import Territory


class Subject(NamedTuple):
    """What a signal is about: ``item``, ``logistic-unit``, ``lot``, ``product``, ``shipment``,
    ``tracker`` or ``dealer``, and its id."""

    type: str
    id: str


class Reason(Struct, frozen=True):
    """Why, in one or two plain sentences."""

    en: str
    zh: str


class Finding(Struct, frozen=True, kw_only=True):
    """What one rule says of one subject, before it is given its id.

    ``strength`` lies in [0, 1]; ``inputs`` are the identities of the events that it rests on;
    ``values`` fill the card's reason.
    """

    rule: str
    subject: Subject
    occurred_us: int
    strength: float
    inputs: tuple[Identity, ...]
    facts: dict[str, Any]
    values: dict[str, Any] = {}


class Place(Struct, frozen=True, gc=False):
    """A fix as the columns need it: degrees in ``crs``, the radius that holds at ``level``. A
    scan's location says as much itself."""

    lon: float
    lat: float
    accuracy_m: float
    level: float
    source: Source
    crs: Crs


class PlaceVerdict(Struct, frozen=True, gc=False):
    """``inside``, ``outside`` or ``uncertain``. Only where it is ``outside`` are there more facts:
    ``distance_m`` to the border (NaN where there is none) and the smallest territory that holds the
    place."""

    verdict: str
    probability_inside: float
    distance_m: float
    territory: Territory | None


class Sighting(Struct, frozen=True, kw_only=True):
    """Where an item was read under a dealer's answer, as what gathers judgements takes it.

    Degrees are WGS-84; ``distance_m`` and ``territory_id`` are known of places outside.
    ``nth`` counts the item's located visits since this dealer answers for it, from 1; ``places``
    are all its places, each far from the others; ``origin`` is the container that it came in.
    ``radius_m`` is the fix's error at 95 %.
    """

    item: str
    gtin: str
    dealer_id: str
    origin: str | None
    at_us: int
    lon: float
    lat: float
    probability_outside: float
    distance_m: float | None
    territory_id: str | None
    nth: int
    places: tuple[tuple[float, float], ...]
    radius_m: float = 0.0


class Load(NamedTuple):
    """Items of one product that moved together. ``unit`` is the item where it moved by itself, else
    ``registry.allotment.goods_in`` their container; ``inside`` is the container, if any."""

    unit: str
    gtin: str
    items: int
    inside: str | None


class Movement(Struct, frozen=True, kw_only=True):
    """Goods that left for, or came to, a place of ``territory_ids``, as what gathers judgements
    takes them: whoever of ``dealer_ids`` needs a permit for them there. ``unit`` is what moved,
    perhaps ``inside`` a container, ``loads`` the items in it; ``told_us`` and ``told_by`` the
    latest arrival that told of these.
    """

    unit: str
    inside: str | None
    dealer_ids: tuple[str, ...]
    at_us: int
    territory_ids: tuple[str, ...]
    told_us: int
    told_by: Identity
    loads: tuple[Load, ...] = ()


Said = Finding | Sighting | Movement

AreaRef = tuple[Any, ...]
"""A key that names an area; equal keys are equal areas (``registry.authority``)."""


class PlaceQuestion(Struct, frozen=True, gc=False):
    """A finding that waits for a verdict of place, so that places are judged in columns: where,
    when (``at_us``), and as known when.

    No rule's state may depend on the answer: the fold goes on before it is known.
    """

    area: AreaRef
    place: Place | Location
    at_us: int
    known_us: int
    answer: Callable[[PlaceVerdict], Sequence[Said]]


Outcome = Finding | PlaceQuestion | Movement

State = TypeVar("State")
Input = TypeVar("Input", contravariant=True)
Context = TypeVar("Context", contravariant=True)


class Rule(Protocol[State, Input, Context]):
    """``step`` folds one event of a subject; ``initial`` is the state before the first."""

    id: str
    initial: State

    def step(
        self, state: State, event: Input, *, context: Context
    ) -> tuple[State, Sequence[Outcome]]:
        """The state after the event, and what the rule says of it."""
