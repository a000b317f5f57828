"""SimpleEventQuery of EPCIS 2.0, section 8.2.7.1: what its parameters ask of an event.

Parameters that a database can answer by an index become fields of ``EventQuery``; what is left is
asked of each event that these let through.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from codes.epc import canonical_epc
from codes.errors import CodeError
from custody.epcis import cbv
from custody.step import ACTIONS, EVENT_TYPES, Role
from events.errors import EventError
from events.identity import parse_time
from events.timed import microseconds

Event = Mapping[str, Any]
Values = Sequence[str]

DEFAULT_PER_PAGE = 30
MOST_PER_PAGE = 1000
MOST_VALUES = 100


class QueryError(EventError):
    """A query parameter that is unknown, or has a value that it cannot have."""

    type = "query-invalid"


class Named(Struct, frozen=True):
    """An event must name one of these EPCs in one of these roles; a prefix stands for all that
    begin so."""

    epcs: tuple[str, ...]
    prefixes: tuple[str, ...]
    roles: tuple[Role, ...]


class EventQuery(Struct, frozen=True, kw_only=True):
    """What is asked; columns as in ``store.schema.events.item_steps``, times in microseconds."""

    equal: dict[str, tuple[str, ...]] = {}
    event_ids: tuple[str, ...] = ()
    named: tuple[Named, ...] = ()
    from_us: dict[str, int] = {}
    before_us: dict[str, int] = {}
    others: tuple[Callable[[Event], bool], ...] = ()
    order_by: Literal["happened_us", "received_us"] = "received_us"
    descending: bool = True
    limit: int | None = None
    per_page: int = DEFAULT_PER_PAGE


_ROLES: dict[str, tuple[Role, ...]] = {
    "MATCH_epc": ("self", "child"),
    "MATCH_parentID": ("parent",),
    "MATCH_inputEPC": ("input",),
    "MATCH_outputEPC": ("output",),
    "MATCH_anyEPC": ("self", "child", "parent", "input", "output"),
    "MATCH_epcClass": ("class",),
    "MATCH_inputEPCClass": ("class",),
    "MATCH_outputEPCClass": ("class",),
    "MATCH_anyEPCClass": ("class",),
}
_CLASS_LISTS = {
    "MATCH_epcClass": ("quantityList", "childQuantityList"),
    "MATCH_inputEPCClass": ("inputQuantityList",),
    "MATCH_outputEPCClass": ("outputQuantityList",),
}
_QUALIFIED = tuple(f"https://id.gs1.org/{key}/" for key in ("01", "8006", "8010"))
"""Keys whose serial is a part of the path of its own; those of others follow without a border."""
_EQUAL = {
    "eventType": "event_type",
    "EQ_action": "action",
    "EQ_bizStep": "biz_step",
    "EQ_disposition": "disposition",
    "EQ_readPoint": "read_point",
    "EQ_bizLocation": "biz_location",
}
_TIMES = {
    "GE_eventTime": ("from_us", "happened_us"),
    "LT_eventTime": ("before_us", "happened_us"),
    "GE_recordTime": ("from_us", "received_us"),
    "LT_recordTime": ("before_us", "received_us"),
}
_ORDER: dict[str, Literal["happened_us", "received_us"]] = {
    "eventTime": "happened_us", "recordTime": "received_us",
}
_PAGING = frozenset(["perPage", "nextPageToken"])
_TYPED = {
    "EQ_bizTransaction_": ("bizTransactionList", "bizTransaction"),
    "EQ_source_": ("sourceList", "source"),
    "EQ_destination_": ("destinationList", "destination"),
}


def parse_query(parameters: Sequence[tuple[str, str]]) -> EventQuery:
    """The query that these parameters are; ``nextPageToken`` is for whoever pages.

    A parameter may be repeated, or hold several values between ``|``, or between commas where no
    value can have one.

    Raises:
        QueryError: ``field`` names the parameter.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).extend(_split(value))
    equal: dict[str, tuple[str, ...]] = {}
    named: list[Named] = []
    times: dict[str, dict[str, int]] = {"from_us": {}, "before_us": {}}
    others: list[Callable[[Event], bool]] = []
    single: dict[str, Any] = {}
    for name, values in given.items():
        if name in _PAGING | {"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"}:
            single |= _one(name, values)
        elif len(values) > MOST_VALUES:
            raise QueryError(f"at most {MOST_VALUES} values are taken", field=name)
        elif name in _EQUAL:
            equal[_EQUAL[name]] = tuple(_equal_value(name, value) for value in values)
        elif name in _ROLES:
            named.append(_named(name, values))
            others += _in_class_lists(name, named[-1])
        elif name in _TIMES:
            side, column = _TIMES[name]
            times[side][column] = _time_us(name, values)
        elif name == "EQ_eventID":
            single["event_ids"] = tuple(values)
        else:
            others.append(_other(name, values))
    return EventQuery(
        equal=equal,
        named=tuple(named),
        from_us=times["from_us"],
        before_us=times["before_us"],
        others=tuple(others),
        **single,
    )


def _split(value: str) -> list[str]:
    parts = value.split("|")
    commas = value.split(",")
    if len(parts) == 1 and all(_stands_alone(part) for part in commas):
        parts = commas
    return parts


def _stands_alone(part: str) -> bool:
    """A bare word, or a whole URI: what a comma may stand beside."""
    return part.replace("_", "").isalnum() or part.startswith(("urn:", "http://", "https://"))


def _one(name: str, values: Values) -> dict[str, Any]:
    if len(values) != 1:
        raise QueryError("one value is expected", field=name)
    value = values[0]
    match name:
        case "orderBy":
            if value not in _ORDER:
                raise QueryError("eventTime or recordTime is expected", field=name)
            return {"order_by": _ORDER[value]}
        case "orderDirection":
            if value not in ("ASC", "DESC"):
                raise QueryError("ASC or DESC is expected", field=name)
            return {"descending": value == "DESC"}
        case "nextPageToken":
            return {}
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
    if number < 1:
        raise QueryError("a number from 1 on is expected", field=name)
    if name == "perPage":
        return {"per_page": min(number, MOST_PER_PAGE)}
    return {"limit": number}


def _equal_value(name: str, value: str) -> str:
    match name:
        case "eventType":
            word = value.removeprefix("epcis:")
            return _known(name, word, EVENT_TYPES)
        case "EQ_action":
            return _known(name, value, ACTIONS)
        case "EQ_bizStep" | "EQ_disposition":
            return cbv.bare(value)
    return _canonical(name, value)


def _known(name: str, value: str, known: frozenset[str]) -> str:
    if value not in known:
        raise QueryError(f"{value!r} is none of {', '.join(sorted(known))}", field=name)
    return value


def _canonical(name: str, value: str) -> str:
    try:
        return canonical_epc(value)
    except CodeError as error:
        raise QueryError(f"{value!r}: {error.detail}", field=name) from None


def _named(name: str, values: Values) -> Named:
    """URIs, and patterns whose serials are ``*`` (``urn:epc:idpat:sgtin:….*``)."""
    epcs, prefixes = [], []
    for value in values:
        canonical = _canonical(name, value)
        if value.startswith("urn:epc:idpat:") and "Class" not in name:
            prefixes.append(f"{canonical}/" if canonical.startswith(_QUALIFIED) else canonical)
        else:
            epcs.append(canonical)
    return Named(tuple(epcs), tuple(prefixes), _ROLES[name])


def _in_class_lists(name: str, wanted: Named) -> list[Callable[[Event], bool]]:
    """Touches do not tell input classes from output classes; the event does."""
    lists = _CLASS_LISTS.get(name)
    if lists is None:
        return []

    def holds(event: Event) -> bool:
        classes = (e.get("epcClass", "") for member in lists for e in event.get(member) or ())
        return any(canonical_epc(one) in wanted.epcs for one in classes)

    return [holds]


def _time_us(name: str, values: Values) -> int:
    if len(values) != 1:
        raise QueryError("one value is expected", field=name)
    try:
        # In a query a plus that was not encoded arrives as a blank.
        return microseconds(parse_time(values[0].replace(" ", "+"), field=name))
    except EventError as error:
        raise QueryError(error.detail, field=name) from None


def _other(name: str, values: Values) -> Callable[[Event], bool]:
    """A question that is asked of each event."""
    for prefix, where in _TYPED.items():
        if name.startswith(prefix):
            return _typed(name, values, where, cbv.bare(name[len(prefix) :]))
    wanted = frozenset(values)
    match name:
        case "EQ_transformationID":
            return lambda event: event.get("transformationID") in wanted
        case "EXISTS_errorDeclaration":
            return lambda event: event.get("errorDeclaration") is not None
        case "EQ_errorReason":
            reasons = frozenset(cbv.bare(value) for value in values)
            return lambda event: cbv.bare(_declared(event).get("reason", "")) in reasons
        case "EQ_correctiveEventID":
            return lambda e: bool(wanted & set(_declared(e).get("correctiveEventIDs") or ()))
        case "GE_errorDeclarationTime" | "LT_errorDeclarationTime":
            return _declared_at(name, _time_us(name, values))
        case "EQ_setPersistentDisposition" | "EQ_unsetPersistentDisposition":
            return _persistent("set" if "_set" in name else "unset", values)
    raise QueryError("this parameter is unknown", field=name[:200])


def _typed(
    name: str, values: Values, where: tuple[str, str], kind: str
) -> Callable[[Event], bool]:
    member, inner = where
    wanted = frozenset(_canonical(name, value) for value in values)

    def holds(event: Event) -> bool:
        return any(
            cbv.bare(entry.get("type", "")) == kind and canonical_epc(entry[inner]) in wanted
            for entry in event.get(member) or ()
        )

    return holds


def _declared(event: Event) -> Mapping[str, Any]:
    return event.get("errorDeclaration") or {}


def _declared_at(name: str, limit_us: int) -> Callable[[Event], bool]:
    def holds(event: Event) -> bool:
        at = _declared(event).get("declarationTime")
        if at is None:
            return False
        at_us = microseconds(parse_time(at, field="declarationTime"))
        return at_us >= limit_us if name.startswith("GE") else at_us < limit_us

    return holds


def _persistent(side: str, values: Values) -> Callable[[Event], bool]:
    wanted = frozenset(cbv.bare(value) for value in values)

    def holds(event: Event) -> bool:
        change = event.get("persistentDisposition") or {}
        return bool(wanted & {cbv.bare(term) for term in change.get(side) or ()})

    return holds


def answers(query: EventQuery, event: Event) -> bool:
    """Whether an event that the columns let through answers the rest of the query."""
    return all(holds(event) for holds in query.others)
