"""What really happened: the incidents of a world, and the innocent oddities that are none."""

from dataclasses import dataclass, field
from typing import Any

from simulator import calendar

FIRST_SCANS = 30
"""So many scans that betray an incident are listed, in order of receipt."""


@dataclass
class Incident:
    """Something wrong: who did it, where to, with which items, seen in which events.

    ``kind`` is that of the case that should come of it (INTERFACES, 'What judging gives'); where
    ``expects`` is ``alert``, no case need come of it.
    """

    kind: str
    pattern: str
    difficulty: str
    rules: list[str]
    expects: str = "case"
    dealer_id: str | None = None
    territory_id: str | None = None
    gtins: set[str] = field(default_factory=set)
    shipment_ids: list[str] = field(default_factory=list)
    least_seen: int = 1
    """So many located items (diversions) or events it takes before anybody could tell."""
    is_telling: bool = True
    """Whether what was recorded before lets anybody tell it: without orders nothing is usual."""
    events: dict[str, int] = field(default_factory=dict)
    """Event ids with their time of receipt."""
    items: dict[str, None] = field(default_factory=dict)
    territories: dict[str, int] = field(default_factory=dict)
    least_twice: int = 0
    """So many of the codes must be read far from there, too: copies that nobody reads at home are
    like goods that left."""
    twice: dict[str, None] = field(default_factory=dict)
    """Codes of which that is so."""
    revealing: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Located scans that betray it, satellite or network: time of receipt and item."""

    def add(self, event_id: str, received_ms: int, *item_uris: str) -> None:
        """An event that belongs to it."""
        self.events[event_id] = received_ms
        self.items.update(dict.fromkeys(item_uris))

    def reveal(self, event_id: str, received_ms: int, item_uri: str, territory: str | None) -> None:
        """A located scan that betrays it, and the territory where it was made."""
        self.revealing[event_id] = (received_ms, item_uri)
        if territory:
            self.territories[territory] = self.territories.get(territory, 0) + 1

    def far_off(self, item_uri: str) -> None:
        """A located scan far from where the incident is, of a code that may be read there, too."""
        if any(item_uri == item for _, item in self.revealing.values()):
            self.twice[item_uri] = None

    @property
    def is_detectable(self) -> bool:
        """Whether enough was recorded for anybody to tell."""
        is_seen = self.seen >= self.least_seen and len(self.twice) >= self.least_twice
        return self.is_telling and is_seen

    @property
    def seen(self) -> int:
        """How many different items were seen at a place, or events where places don't matter."""
        if self.pattern in ("leak", "case-surfaced", "copied-block", "permit-exceeded"):
            return len({item for _, item in self.revealing.values()})
        return len(self.events)

    def as_row(self, number: int) -> dict[str, Any]:
        """The incident as ``truth.json`` holds it."""
        times = sorted(self.events.values())
        betraying = sorted(self.revealing.items(), key=lambda entry: (entry[1][0], entry[0]))
        return {
            "incident_id": f"I-{number:03d}",
            "kind": self.kind,
            "pattern": self.pattern,
            "difficulty": self.difficulty,
            "expects": self.expects,
            "rules": self.rules,
            "detectable": self.is_detectable,
            "dealer_id": self.dealer_id,
            "territory_id": self.territory_id,
            "territory_ids": sorted(set(self.territories) | ({self.territory_id} - {None})),
            "gtins": sorted(self.gtins),
            "shipment_ids": self.shipment_ids,
            "item_uris": list(self.items),
            "located_items": len({i for _, i in self.revealing.values()}),
            "first_at": calendar.utc(times[0]),
            "last_at": calendar.utc(times[-1]),
            "first_foreign_scan_ids": [event_id for event_id, _ in betraying[:FIRST_SCANS]],
            "event_ids": sorted(self.events, key=lambda e: (self.events[e], e)),
        }


@dataclass
class Innocent:
    """Something odd that is nobody's fault and must not become a case."""

    pattern: str
    dealer_id: str | None = None
    territory_id: str | None = None
    events: dict[str, int] = field(default_factory=dict)

    def add(self, event_id: str, received_ms: int, *_items: str) -> None:
        """An event that belongs to it."""
        self.events[event_id] = received_ms

    def as_row(self) -> dict[str, Any]:
        """The oddity as ``truth.json`` holds it."""
        return {
            "pattern": self.pattern,
            "dealer_id": self.dealer_id,
            "territory_id": self.territory_id,
            "event_ids": sorted(self.events, key=lambda e: (self.events[e], e)),
        }


@dataclass
class Truth:
    """All incidents and oddities; those without an event in the recording don't count."""

    incidents: list[Incident] = field(default_factory=list)
    innocents: list[Innocent] = field(default_factory=list)

    def as_document(self, seed: int, items: int, difficulty: str) -> dict[str, Any]:
        """The content of ``truth.json``."""
        seen = sorted(
            (i for i in self.incidents if i.events),
            key=lambda i: (min(i.events.values()), i.pattern),
        )
        return {
            "format": "tracewarden-truth/1",
            "seed": seed,
            "items": items,
            "difficulty": difficulty,
            "incidents": [incident.as_row(n) for n, incident in enumerate(seen, start=1)],
            "innocents": [innocent.as_row() for innocent in self.innocents if innocent.events],
        }
