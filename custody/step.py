"""What custody needs of one EPCIS event: who did what when, without the lists of EPCs.

A case of 10,000 items shipped is one step; the EPCs that it names are kept apart, so that reading
one item's custody does not read its siblings. Terms are those of EPCIS 2.0 and CBV 2.0.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct

from codes.epc import canonical_epc, gln_of
from custody.epcis.cbv import bare
from events.errors import EventError, TracewardenError
from events.identity import Identity, event_time, identity
from events.model import ItemEvent
from events.timed import microseconds

Role = Literal["self", "parent", "child", "input", "output", "class"]
"""How an event names an EPC: as what it is about, as a container or its content, as what went into
a transformation or came out of it; or as a class of which there is a quantity."""
EVENT_TYPES = frozenset(
    [
        "ObjectEvent",
        "AggregationEvent",
        "TransactionEvent",
        "TransformationEvent",
        "AssociationEvent",
    ]
)
LONGEST_EPC = 512
ACTIONS = frozenset(["ADD", "OBSERVE", "DELETE"])


class Step(Struct, frozen=True, array_like=True, gc=False):
    """One item event as custody reads it; GLNs are 13 digits, vocabulary is CBV's bare words."""

    identity: Identity
    at_us: int
    received_us: int
    type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    parent: str | None
    whole: bool
    """An aggregation without children: the event speaks of all that the parent holds."""
    site_gln: str | None
    from_holder: str | None
    from_owner: str | None
    to_holder: str | None
    to_owner: str | None
    voids: Identity | None
    """The event that this one, an error declaration, takes back."""
    read_point: str | None = None
    biz_location: str | None = None
    """Both as canonical URIs."""

    @property
    def order(self) -> tuple[int, Identity]:
        """The order of judging: event time, then identity."""
        return (self.at_us, self.identity)


def read_step(item_event: ItemEvent) -> tuple[Step, dict[str, Role]]:
    """The step, and the EPCs that the event names with their roles, in canonical form.

    Raises:
        EventError: the event has no known type, no time, or an identifier that is invalid.
    """
    event = item_event.event
    type_ = event.get("type")
    if type_ not in EVENT_TYPES:
        raise EventError(f"{type_!r} is no EPCIS 2.0 event type", field="event.type")
    action = event.get("action")
    if action is not None and action not in ACTIONS:
        raise EventError(f"{action!r} is no EPCIS action", field="event.action")
    roles = _roles(event)
    parent = event.get("parentID")
    read_point, biz_location = _place(event, "readPoint"), _place(event, "bizLocation")
    from_holder, from_owner = _parties(event, "sourceList", "source")
    to_holder, to_owner = _parties(event, "destinationList", "destination")
    step = Step(
        identity=identity(item_event),
        at_us=microseconds(event_time(item_event)),
        received_us=microseconds(item_event.received_at),
        type=type_,
        action=action,
        biz_step=_word(event, "bizStep"),
        disposition=_word(event, "disposition"),
        parent=_epc(parent, "event.parentID") if parent is not None else None,
        whole=_is_whole(event, type_),
        site_gln=_gln(biz_location) or _gln(read_point),
        from_holder=from_holder,
        from_owner=from_owner,
        to_holder=to_holder,
        to_owner=to_owner,
        voids=f"item_event:{item_event.event_id}" if event.get("errorDeclaration") else None,
        read_point=read_point,
        biz_location=biz_location,
    )
    return step, roles


def _is_whole(event: Mapping[str, Any], type_: str) -> bool:
    """Whether an aggregation names no children, of which it would then speak of all."""
    if type_ not in ("AggregationEvent", "AssociationEvent"):
        return False
    return not event.get("childEPCs") and not event.get("childQuantityList")


_LISTS: tuple[tuple[str, Role], ...] = (
    ("epcList", "self"),
    ("inputEPCList", "input"),
    ("outputEPCList", "output"),
    ("childEPCs", "child"),
)
_CLASS_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def _roles(event: Mapping[str, Any]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for member in _CLASS_LISTS:
        for index, element in enumerate(_list(event, member)):
            field = f"event.{member}[{index}]"
            if not isinstance(element, dict):
                raise EventError("a quantity has an epcClass", field=field)
            roles[_epc(element.get("epcClass"), f"{field}.epcClass")] = "class"
    for member, role in _LISTS:
        for index, uri in enumerate(_list(event, member)):
            roles[_epc(uri, f"event.{member}[{index}]")] = role
    parent = event.get("parentID")
    if parent is not None:
        roles[_epc(parent, "event.parentID")] = "parent"
    return roles


def _list(event: Mapping[str, Any], member: str) -> Iterable[Any]:
    values = event.get(member)
    if values is None:
        return ()
    if not isinstance(values, list):
        raise EventError("a list is expected", field=f"event.{member}")
    return values


def _epc(uri: object, field: str) -> str:
    if not isinstance(uri, str):
        raise EventError("an EPC is a URI", field=field)
    if len(uri) > LONGEST_EPC:
        raise EventError(f"an EPC has at most {LONGEST_EPC} characters", field=field)
    try:
        return canonical_epc(uri)
    except TracewardenError as error:
        raise EventError(error.detail, field=field) from None


def _word(event: Mapping[str, Any], member: str) -> str | None:
    """CBV vocabulary as a bare word (``custody.epcis.cbv``)."""
    value = event.get(member)
    if value is None:
        return None
    if not isinstance(value, str):
        raise EventError("a vocabulary element is a string", field=f"event.{member}")
    return bare(value)


def _place(event: Mapping[str, Any], member: str) -> str | None:
    """The canonical URI of a location."""
    place = event.get(member)
    if place is None:
        return None
    if not isinstance(place, dict) or not isinstance(place.get("id"), str):
        raise EventError("a location has an id", field=f"event.{member}")
    return _epc(place["id"], f"event.{member}.id")


def _gln(place: str | None) -> str | None:
    return None if place is None else gln_of(place)


def _gln_of(uri: str, field: str) -> str | None:
    try:
        return gln_of(canonical_epc(uri))
    except TracewardenError as error:
        raise EventError(error.detail, field=field) from None


def _parties(event: Mapping[str, Any], member: str, name: str) -> tuple[str | None, str | None]:
    """GLNs of the possessing and the owning party in a source or destination list."""
    found: dict[str, str | None] = {}
    for index, entry in enumerate(_list(event, member)):
        field = f"event.{member}[{index}]"
        if not isinstance(entry, dict) or not isinstance(entry.get(name), str):
            raise EventError(f"an entry has a type and a {name}", field=field)
        kind = _word(entry, "type")
        if kind in ("possessing_party", "owning_party"):
            found[kind] = _gln_of(entry[name], f"{field}.{name}")
    return found.get("possessing_party"), found.get("owning_party")
