"""Matched sets: one case's code and the codes of the items that go into it."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from codes.epc import canonical_epc
from codes.errors import CodeError

Item = TypeVar("Item")
Case = TypeVar("Case")


def matched_sets(
    items: Iterable[Item], cases: Iterable[Case], items_a_case: int
) -> Iterator[tuple[Case, list[Item]]]:
    """Each case with its items, in order; the last may hold fewer. Cases are taken as needed.

    Raises:
        CodeError: ``job-invalid``: a case would hold no item, or there are too few cases.
    """
    if items_a_case < 1:
        raise CodeError("a case holds an item", field="items_a_case", type="job-invalid")
    rest, boxes = iter(items), iter(cases)
    while held := list(islice(rest, items_a_case)):
        case = next(boxes, None)
        if case is None:
            raise CodeError(
                "there are more items than the cases hold", field="cases", type="job-invalid"
            )
        yield case, held


def packing_event(case: str, items: Iterable[str], *, packed_at: datetime) -> dict[str, Any]:
    """The EPCIS 2.0 aggregation that says what is in a case; ``case`` and ``items`` are codes.

    Its id follows from case and time, so that an event made again is the same one.

    Raises:
        CodeError: a code names nothing.
    """
    parent = canonical_epc(case)
    at = packed_at.isoformat()
    return {
        "type": "AggregationEvent",
        "eventID": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{parent} packed {at}')}",
        "eventTime": at,
        "eventTimeZoneOffset": f"{packed_at:%z}"[:3] + ":" + f"{packed_at:%z}"[3:5],
        "action": "ADD",
        "bizStep": "packing",
        "disposition": "in_progress",
        "parentID": parent,
        "childEPCs": [canonical_epc(item) for item in items],
    }
