"""Which of a tracker's shipments a fix may belong to, by the plans as known; it may be used again.

A shipment's fixes are those from a day before its planned departure until the next shipment's.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from events.timed import FUTURE_LIMIT_US
from registry.authority import DAY_US
from registry.known import BEFORE_EVERYTHING, FOREVER, Known, instant, recorded_us
from registry.model import Shipment


class Plans(NamedTuple):
    """A tracker's shipments in order of planned departure; all three columns are as long."""

    begins_us: list[int]
    ends_us: list[int]
    """When the next one departs; never less than the one before."""
    shipment_ids: list[str]


class TrackerPlans:
    """The plans of all trackers, as known at any time."""

    def __init__(self, rows: Sequence[Shipment], shipments: Known[Shipment]) -> None:
        self._shipments = shipments
        self._of_tracker: dict[str, dict[str, None]] = {}
        for row in rows:
            if row.tracker_id is not None:
                self._of_tracker.setdefault(row.tracker_id, {})[row.shipment_id] = None
        self._instants = _instants(rows)
        self._learned: dict[str, list[int]] = {}
        self._planned: dict[tuple[str, int], Plans] = {}
        self._until: dict[str, dict[str, int]] = {}

    def shipments_for_fix(self, tracker_id: str, at_us: int, known_us: int) -> list[str]:
        """Ids of the shipments that may be under way then."""
        if tracker_id not in self._of_tracker:
            return []
        epoch = bisect_right(self._epochs(tracker_id), known_us)
        plans = self._plans(tracker_id, epoch)
        first = bisect_right(plans.ends_us, at_us)
        return plans.shipment_ids[first : bisect_right(plans.begins_us, at_us + DAY_US)]

    def until_us(self, tracker_id: str, shipment_id: str) -> int:
        """No fix from then on belongs to the shipment, whatever was known when it was received."""
        if tracker_id not in self._until:
            self._until[tracker_id] = self._ends(tracker_id)
        return self._until[tracker_id].get(shipment_id, BEFORE_EVERYTHING)

    def _ends(self, tracker_id: str) -> dict[str, int]:
        found: dict[str, int] = {}
        epochs = self._epochs(tracker_id)
        for epoch in range(len(epochs) + 1):
            # What was received before the next row was learned happened hardly later than that.
            limit_us = epochs[epoch] + FUTURE_LIMIT_US if epoch < len(epochs) else FOREVER
            _, ends_us, ids = self._plans(tracker_id, epoch)
            for end_us, shipment_id in zip(ends_us, ids, strict=True):
                before_us = found.get(shipment_id, BEFORE_EVERYTHING)
                found[shipment_id] = max(before_us, min(end_us, limit_us))
        return found

    def _epochs(self, tracker_id: str) -> list[int]:
        """When what is known of the tracker's shipments changed."""
        known = self._learned.get(tracker_id)
        if known is None:
            ids = self._of_tracker.get(tracker_id, {})
            known = sorted({at for key in ids for at in self._instants[key]})
            self._learned[tracker_id] = known
        return known

    def _plans(self, tracker_id: str, epoch: int) -> Plans:
        """The plans between two changes of what is known: after so many of them."""
        key = (tracker_id, epoch)
        plans = self._planned.get(key)
        if plans is None:
            known_us = self._epochs(tracker_id)[epoch - 1] if epoch else BEFORE_EVERYTHING - 1
            plans = self._planned[key] = _plans_of(self._rows(tracker_id, known_us))
        return plans

    def _rows(self, tracker_id: str, known_us: int) -> Iterable[Shipment]:
        for shipment_id in self._of_tracker.get(tracker_id, ()):
            row = self._shipments.get(shipment_id, known_us)
            if row is not None and row.tracker_id == tracker_id:
                yield row


def _instants(rows: Iterable[Shipment]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.shipment_id, []).append(recorded_us(row))
    return found


def _plans_of(rows: Iterable[Shipment]) -> Plans:
    ordered = sorted(
        (instant(row.depart_after, absent=BEFORE_EVERYTHING), row.shipment_id) for row in rows
    )
    begins = [at for at, _ in ordered]
    following = (bisect_right(begins, at) for at in begins)
    ends = [begins[index] if index < len(begins) else FOREVER for index in following]
    return Plans(begins, ends, [shipment_id for _, shipment_id in ordered])
