"""An EPCIS document taken apart: each of its events on its own, valid or with what is wrong."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from codes.epc import canonical_epc
from custody.epcis.context import own_contexts, with_context
from custody.epcis.event_hash import event_hash
from custody.epcis.meaning import meaning_violations
from custody.epcis.schema import Violation, document_violations, event_violations
from events.errors import EventError

DOCUMENT_TYPES = ("EPCISDocument", "EPCISQueryDocument")
DEEPEST = 64
"""Levels of an event; deeper ones are nobody's data."""


class DocumentError(EventError):
    """A document that cannot be taken at all: its envelope is wrong."""

    type = "epcis-document-invalid"


class Opened(Struct, frozen=True):
    """An event of a document: its place there, its id, and what is wrong with it if anything."""

    index: int
    event_id: str
    event: dict[str, Any]
    violations: tuple[Violation, ...] = ()


def open_document(document: object, *, most: int) -> list[Opened]:
    """Every event of an ``EPCISDocument`` or ``EPCISQueryDocument``, in order.

    An event without ``eventID`` is known by its CBV hash. The sender's contexts of the document go
    with each event, so that its extensions keep their meaning.

    Raises:
        DocumentError: it is no such document, or wrong around its events; ``field`` names where.
            ``batch-too-large``: it has more than ``most`` events.
    """
    if not isinstance(document, dict):
        raise DocumentError("an EPCIS document is a JSON object")
    if document.get("type") not in DOCUMENT_TYPES:
        raise DocumentError(f"one of {', '.join(DOCUMENT_TYPES)} is taken here", field="type")
    for violation in document_violations(document):
        raise DocumentError(violation.detail, field=dotted(violation.path))
    if document["schemaVersion"].partition(".")[0] != "2":
        raise DocumentError("documents of EPCIS 2 are taken here", field="schemaVersion")
    events = _events(document)
    if len(events) > most:
        detail = f"it has {len(events)} events; at most {most} are taken at once"
        raise DocumentError(detail, type="batch-too-large")
    contexts = own_contexts(document)
    return [open_event(event, index, contexts) for index, event in enumerate(events)]


def _events(document: Mapping[str, Any]) -> list[Any]:
    body = document["epcisBody"]
    if document["type"] == "EPCISQueryDocument":
        body = body["queryResults"]["resultsBody"]
    events: list[Any] = body["eventList"]
    return events


def open_bare_event(event: object) -> Opened:
    """One event that stands alone, which therefore needs a ``@context`` of its own."""
    opened = open_event(event)
    if isinstance(event, dict) and "@context" not in event:
        missing = Violation(("@context",), '"@context" is a required property')
        return replace(opened, violations=(missing, *opened.violations))
    return opened


def open_event(event: object, index: int = 0, contexts: list[Any] | None = None) -> Opened:
    """One event with what the schema and its meaning say of it."""
    if not isinstance(event, dict):
        return Opened(index, "", {}, (Violation((), "an event is a JSON object"),))
    if _depth(event) > DEEPEST:
        return Opened(index, "", {}, (Violation((), f"it is nested over {DEEPEST} levels"),))
    violations = event_violations(event) or _known_type(event) or meaning_violations(event)
    whole = with_context(event, contexts or [])
    given = event.get("eventID")
    event_id = given if isinstance(given, str) else "" if violations else event_hash(whole)
    return Opened(index, event_id, whole, tuple(violations))


def _known_type(event: Mapping[str, Any]) -> list[Violation]:
    """The schema lets through event types of a sender's own; nobody here could read them."""
    if event["type"] in _TYPES:
        return []
    return [Violation(("type",), f"{event['type']!r} is no event type of EPCIS 2.0")]


_TYPES = frozenset([
    "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent",
    "AssociationEvent",
])  # fmt: skip


def _depth(value: object, *, limit: int = DEEPEST + 1) -> int:
    """Levels of nesting, counted no further than ``limit``."""
    level, depth = [value], 0
    while level and depth < limit:
        level = [inner for one in level for inner in _inner(one)]
        depth += 1
    return depth


def _inner(value: object) -> list[object]:
    found = list(value.values()) if isinstance(value, dict) else value
    return [one for one in found if isinstance(one, dict | list)] if isinstance(found, list) else []


def dotted(path: tuple[str | int, ...]) -> str:
    """A path as problems write it: ``eventList[3].readPoint.id``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def partition_key(opened: Opened) -> str:
    """Events of one EPC travel in one order; an event without EPCs goes by its id."""
    for name in ("parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        value = opened.event.get(name)
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str):
            return canonical_epc(first)
    return opened.event_id
