"""Parties report what they do with goods: item events, most within a minute, some late."""

from collections.abc import Sequence
from typing import Any

from simulator import calendar
from simulator.calendar import HOUR, MINUTE, SECOND
from simulator.chance import Chance
from simulator.delivery import Delivery
from simulator.levels import Level
from simulator.scans import Account


class CustodyLog:
    """Sends EPCIS events."""

    def __init__(self, delivery: Delivery, level: Level, chance: Chance) -> None:
        self._delivery, self._level, self._chance = delivery, level, chance

    def report(
        self,
        at_ms: int,
        event: dict[str, Any],
        *,
        delay_ms: int | None = None,
        accounts: Sequence[Account] = (),
    ) -> None:
        """One event, with an id of its own, ``delay_ms`` after it happened or as it comes."""
        event_id = self._chance.uuid_urn()
        whole = {"type": event["type"], "eventID": event_id} | event
        received_ms = at_ms + (self._delay_ms() if delay_ms is None else delay_ms)
        if self._delivery.put("item_event", event_id, received_ms, {"event": whole}):
            units = [*event.get("epcList", ()), *event.get("childEPCs", ())]
            for account in accounts:
                account.add(event_id, received_ms, *(u for u in units if "/21/" in u))

    def report_corrected(
        self,
        at_ms: int,
        mistaken: dict[str, Any],
        right: dict[str, Any],
        corrected_ms: int,
        accounts: Sequence[Account],
    ) -> None:
        """A mistake, its error declaration under the same id, and the event that replaces it."""
        wrong_id, right_id = self._chance.uuid_urn(), self._chance.uuid_urn()
        declaration = {
            "declarationTime": calendar.utc(corrected_ms),
            "reason": "incorrect_data",
            "correctiveEventIDs": [right_id],
        }
        sent = (
            (wrong_id, at_ms + MINUTE, mistaken),
            (wrong_id, corrected_ms + MINUTE, mistaken | {"errorDeclaration": declaration}),
            (right_id, corrected_ms + 2 * MINUTE, right),
        )
        for event_id, received_ms, event in sent:
            whole = {"type": event["type"], "eventID": event_id} | event
            if self._delivery.put("item_event", event_id, received_ms, {"event": whole}):
                for account in accounts:
                    account.add(event_id, received_ms)

    def _delay_ms(self) -> int:
        if self._chance.happens(self._level.late / 2):
            return min(int(self._chance.exponential(4 * HOUR)), 40 * HOUR) + MINUTE
        return int(self._chance.between(0.3, 60) * SECOND)
