"""From opened events to what may go on the bus: what only the service can tell is checked here."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine

from api.epcis.problems import event_problem
from custody.epcis.document import Opened, dotted, partition_key
from custody.epcis.schema import Violation
from custody.step import read_step
from events.errors import EventError
from events.identity import Identity, identity
from events.model import ItemEvent
from events.strict import as_event
from events.wire import encode_event
from store.epcis_events import events_under
from store.events import same_content

LARGEST_EVENT = 900_000
"""Bytes; a record of the bus holds no more."""


class Taken(NamedTuple):
    """An event that may go on the bus: its key there, its bytes, its id."""

    key: str
    raw: bytes
    event_id: str


class Admission(NamedTuple):
    """The events of a document that can be taken, and the problems of those that cannot."""

    taken: list[Taken]
    errors: list[dict[str, Any]]


def admit(engine: Engine, opened: Sequence[Opened], received_at: datetime) -> Admission:
    """Judge each event. Of two contents under one id the first one counts: one that contradicts
    what this document or the store has already is an error, a plain double is not."""
    taken: dict[Identity, Taken] = {}
    errors: list[dict[str, Any]] = []
    for one in opened:
        try:
            name, event = _admitted(one, received_at)
        except _Refused as refused:
            errors += [event_problem(one, v, dotted(v.path)) for v in refused.violations]
            continue
        if name in taken and not same_content(taken[name].raw, event.raw):
            errors.append(_contradicts(one, "this document has the eventID with other content"))
        else:
            taken.setdefault(name, event)
    stored = events_under(engine, set(taken))
    for one in opened:
        name = f"item_event:{one.event_id}" + ("#error" if "errorDeclaration" in one.event else "")
        if name in stored and name in taken and not same_content(stored[name], taken[name].raw):
            errors.append(_contradicts(one, "the eventID was captured before with other content"))
            del taken[name]
    return Admission(list(taken.values()), sorted(errors, key=lambda error: int(error["item"])))


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = list(violations)


def _admitted(opened: Opened, received_at: datetime) -> tuple[Identity, Taken]:
    if opened.violations:
        raise _Refused(opened.violations)
    try:
        submitted = {"event_id": opened.event_id, "event": opened.event}
        event = as_event(submitted, ItemEvent, received_at)
        read_step(event)
    except EventError as error:
        path = tuple(error.field.removeprefix("event").strip(".").split(".")) if error.field else ()
        raise _Refused([Violation(path, error.detail)]) from None
    raw = encode_event(event)
    if len(raw) > LARGEST_EVENT:
        raise _Refused([Violation((), f"an event has at most {LARGEST_EVENT} bytes")])
    return identity(event), Taken(partition_key(opened), raw, opened.event_id)


def _contradicts(opened: Opened, detail: str) -> dict[str, Any]:
    return event_problem(opened, Violation(("eventID",), detail), "eventID")
