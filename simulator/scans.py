"""People read codes: visits with retries, clocks that are wrong, messages that come late."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from simulator import calendar
from simulator.calendar import DAY, HOUR, SECOND
from simulator.chance import Chance
from simulator.codebook import Codebook, Item
from simulator.delivery import Delivery
from simulator.earth import Place, offset_hours
from simulator.levels import Level
from simulator.phone import FixSource, Phone

AHEAD_MS = 250 * SECOND
"""A clock ahead by more than 300 s is refused where a scan enters, so none is recorded."""


class Account(Protocol):
    """Who keeps book of events: an incident, or an oddity."""

    territory_id: str | None

    def add(self, event_id: str, received_ms: int, *item_uris: str) -> None:
        """An event that belongs to it."""


@dataclass(frozen=True)
class Label:
    """What is read: the code as printed and what the entrance makes of it."""

    code: str
    gtin: str
    serial: str
    signature: str
    issued: bool
    uri: str


@dataclass(frozen=True)
class Seen:
    """A scan that arrived."""

    event_id: str
    received_ms: int
    located: bool
    """By satellite or network."""


class Scanning:
    """Turns visits into scans."""

    def __init__(
        self, delivery: Delivery, codebook: Codebook, phone: Phone, level: Level, chance: Chance
    ) -> None:
        self._delivery, self._codebook, self._phone = delivery, codebook, phone
        self._level, self._chance = level, chance

    def label(self, item: Item) -> Label:
        """The true label of an item."""
        return Label(self._codebook.code(item), item.gtin, item.serial, "valid", True, item.uri)

    def visit(
        self,
        label: Label,
        place: Place,
        at_ms: int,
        *,
        source: FixSource | None = None,
        retries: bool = True,
        accounts: Sequence[Account] = (),
    ) -> list[Seen]:
        """A consumer's visit: one session, one or several scans within a few minutes."""
        chance = self._chance
        session = chance.hexadecimal(8)
        who: dict[str, Any] = {"reader": "consumer"}
        if not chance.happens(0.03):
            who["session"] = session
        source = source or self._phone.source()
        fix = self._phone.fix(place, source) if source else None
        skew_ms = self._clock_skew_ms()
        count = self._scan_count() if retries else 1
        seen = []
        for number in range(count):
            if number:
                at_ms += chance.integer(4, 40) * SECOND
                fix = self._phone.again(fix) if fix else None
            arrived = self._one(label, place, at_ms, skew_ms, who, fix, accounts)
            if arrived:
                seen.append(arrived)
        return seen

    def trade(
        self,
        label: Label,
        place: Place,
        at_ms: int,
        reader: str,
        reader_id: str,
        accounts: Sequence[Account] = (),
    ) -> None:
        """A dealer's or inspector's scan: no session, often no place."""
        fix = self._phone.fix(place, "gnss") if self._chance.happens(0.5) else None
        who = {"reader": reader, "reader_id": reader_id}
        self._one(label, place, at_ms, int(SECOND * self._chance.normal()), who, fix, accounts)

    def _scan_count(self) -> int:
        drawn = self._chance.unit()
        if drawn < 0.72:
            return 1
        return self._chance.integer(2, 4) if drawn < 0.985 else self._chance.integer(6, 14)

    def _clock_skew_ms(self) -> int:
        """A phone's clock is a second or two off; some are hours or days behind."""
        if not self._chance.happens(self._level.wrong_clocks):
            return max(-5, min(5, round(self._chance.normal()))) * SECOND
        drawn = self._chance.unit()
        if drawn < 0.25:
            return self._chance.integer(30, 250) * SECOND
        if drawn < 0.9:
            return -int(self._chance.between(0.2 * HOUR, 3 * DAY))
        return -365 * DAY

    def _one(
        self,
        label: Label,
        place: Place,
        at_ms: int,
        skew_ms: int,
        who: dict[str, Any],
        fix: dict[str, Any] | None,
        accounts: Sequence[Account],
    ) -> Seen | None:
        received_ms = at_ms + self._delivery.delay_ms()
        event_id = f"scn-{self._chance.hexadecimal(8)}"
        said_ms = min(at_ms + skew_ms, received_ms + AHEAD_MS)
        body: dict[str, Any] = {
            "scanned_at": calendar.local(said_ms, offset_hours(place)),
            "uri": label.code,
            "gtin": label.gtin,
            "serial": label.serial,
            "signature": label.signature,
            "issued": label.issued,
            **who,
        }
        if fix:
            body["location"] = fix
        if not self._delivery.put("scan", event_id, received_ms, body):
            return None
        for account in accounts:
            account.add(event_id, received_ms, label.uri)
        return Seen(event_id, received_ms, fix is not None and fix["source"] != "ip")
