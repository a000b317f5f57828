"""What makes an EPCIS event senseless though its form is right: rules that a schema cannot say.

Each rule cites the section of EPCIS 2.0 or CBV 2.0 that it comes from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from codes.epc import canonical_epc
from codes.errors import CodeError
from custody.epcis import cbv
from custody.epcis.schema import Violation
from events.errors import EventError
from events.identity import parse_time

Event = Mapping[str, Any]
Path = tuple[str | int, ...]

LONGEST_IDENTIFIER = 512
_INSTANCES = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_CLASSES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_CLASS_KEYS = ("https://id.gs1.org/01/", "https://id.gs1.org/8006/", "https://id.gs1.org/8010/")
_SERIALS = ("/21/", "/235/", "/8011/")


def meaning_violations(event: Event) -> list[Violation]:
    """What is wrong with an event that the schema accepts; paths as in ``schema``."""
    return [
        *_subject(event),
        *_identifiers(event),
        *_quantities(event),
        *_aggregation(event),
        *_vocabulary(event),
        *_persistent_disposition(event),
        *_sensor_times(event),
        *_declaration(event),
    ]


def _subject(event: Event) -> Iterator[Violation]:
    """An object event is about objects, classes or what a sensor measured (7.4.2); the schema takes
    an empty list for objects."""
    if event["type"] == "ObjectEvent" and not any(
        event.get(member) for member in ("epcList", "quantityList", "sensorElementList")
    ):
        yield Violation(("epcList",), "the event names neither objects nor classes of them")


def _identifiers(event: Event) -> Iterator[Violation]:
    """Identifiers on id.gs1.org and of urn:epc are valid (CBV 8.2 to 8.8), and what names a class
    stands where classes do (EPCIS 7.3.3)."""
    for member in _INSTANCES:
        for index, uri in enumerate(event.get(member) or ()):
            yield from _identifier(uri, (member, index), instance=True)
    for member in _CLASSES:
        for index, element in enumerate(event.get(member) or ()):
            yield from _identifier(element["epcClass"], (member, index, "epcClass"), instance=False)
    for path, uri in _other_identifiers(event):
        yield from _identifier(uri, path, instance=None)


def _other_identifiers(event: Event) -> Iterator[tuple[Path, str]]:
    for name in ("parentID", "transformationID", "eventID"):
        if name in event:
            yield (name,), event[name]
    for name in ("readPoint", "bizLocation"):
        if name in event:
            yield (name, "id"), event[name]["id"]
    lists = (
        ("bizTransactionList", "bizTransaction"),
        ("sourceList", "source"),
        ("destinationList", "destination"),
    )
    for name, inner in lists:
        for index, entry in enumerate(event.get(name) or ()):
            yield (name, index, inner), entry[inner]


def _identifier(uri: str, path: Path, *, instance: bool | None) -> Iterator[Violation]:
    if len(uri) > LONGEST_IDENTIFIER:
        yield Violation(path, f"an identifier has at most {LONGEST_IDENTIFIER} characters")
        return
    if "\x00" in uri:
        yield Violation(path, "it has the character U+0000")
        return
    try:
        canonical = canonical_epc(uri)
    except CodeError as error:
        yield Violation(path, f"{uri!r} is not valid: {error.detail}")
        return
    if not canonical.startswith(_CLASS_KEYS):
        return
    serialised = any(mark in canonical for mark in _SERIALS)
    if instance is True and not serialised:
        yield Violation(path, f"{uri!r} names a class; it belongs in a list of quantities")
    if instance is False and serialised:
        yield Violation(path, f"{uri!r} names one object; it belongs in a list of EPCs")


def _quantities(event: Event) -> Iterator[Violation]:
    """A quantity is positive; a unit needs one; without a unit things are counted (7.3.3.3)."""
    for member in _CLASSES:
        for index, element in enumerate(event.get(member) or ()):
            quantity, path = element.get("quantity"), (member, index, "quantity")
            if quantity is None:
                if "uom" in element:
                    yield Violation((member, index, "uom"), "a unit needs a quantity")
            elif quantity <= 0:
                yield Violation(path, "a quantity is greater than 0")
            elif "uom" not in element and quantity != int(quantity):
                yield Violation(path, "without a unit the quantity is a count of objects")


def _aggregation(event: Event) -> Iterator[Violation]:
    """A parent is named where children are added or removed (7.4.3, 7.4.6), and is none of them."""
    kind, parent = event["type"], event.get("parentID")
    if kind not in ("AggregationEvent", "AssociationEvent"):
        return
    if parent is None:
        if event["action"] != "OBSERVE":
            yield Violation(("parentID",), f"action {event['action']} needs a parentID")
        return
    try:
        children = {canonical_epc(child) for child in event.get("childEPCs") or ()}
        inside = canonical_epc(parent) in children
    except CodeError:
        return
    if inside:
        yield Violation(("parentID",), "the parent is among its own children")


def _vocabulary(event: Event) -> Iterator[Violation]:
    """What claims to be a standard term of CBV is one (CBV 7.1 to 7.5)."""
    for path, kind, value in _terms(event):
        if cbv.unknown_term(kind, value):
            yield Violation(path, f"{value!r} is no term of the Core Business Vocabulary")


def _terms(event: Event) -> Iterator[tuple[Path, cbv.Kind, str]]:
    if "bizStep" in event:
        yield ("bizStep",), "BizStep", event["bizStep"]
    if "disposition" in event:
        yield ("disposition",), "Disp", event["disposition"]
    for name, terms in (event.get("persistentDisposition") or {}).items():
        for index, term in enumerate(terms):
            yield ("persistentDisposition", name, index), "Disp", term
    kinds: tuple[tuple[str, cbv.Kind], ...] = (
        ("bizTransactionList", "BTT"), ("sourceList", "SDT"), ("destinationList", "SDT"),
    )  # fmt: skip
    for name, kind in kinds:
        for index, entry in enumerate(event.get(name) or ()):
            if "type" in entry:
                yield (name, index, "type"), kind, entry["type"]
    reason = (event.get("errorDeclaration") or {}).get("reason")
    if reason is not None:
        yield ("errorDeclaration", "reason"), "ER", reason


def _persistent_disposition(event: Event) -> Iterator[Violation]:
    """Nothing is set and unset at once (7.3.5.6)."""
    change = event.get("persistentDisposition") or {}
    both = {cbv.bare(term) for term in change.get("set", ())} & {
        cbv.bare(term) for term in change.get("unset", ())
    }
    for term in sorted(both):
        yield Violation(("persistentDisposition",), f"{term} is set and unset at once")


def _sensor_times(event: Event) -> Iterator[Violation]:
    """A measurement's start is not after its end (7.3.7.2)."""
    for index, element in enumerate(event.get("sensorElementList") or ()):
        metadata = element.get("sensorMetadata") or {}
        path = ("sensorElementList", index, "sensorMetadata")
        begin, end = (_time(metadata.get(name)) for name in ("startTime", "endTime"))
        if begin is not None and end is not None and begin > end:
            yield Violation((*path, "endTime"), "the measurement ends before it starts")


def _time(value: object) -> Any:
    if value is None:
        return None
    try:
        return parse_time(value, field="time")
    except EventError:
        return None


def _declaration(event: Event) -> Iterator[Violation]:
    """A correction names other events than the one that it declares wrong (7.4.1.2)."""
    declared = event.get("errorDeclaration") or {}
    for index, corrective in enumerate(declared.get("correctiveEventIDs") or ()):
        if corrective == event.get("eventID"):
            path = ("errorDeclaration", "correctiveEventIDs", index)
            yield Violation(path, "an event cannot correct itself")
