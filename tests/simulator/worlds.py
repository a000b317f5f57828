"""A simulated world as a test sees it: its lines, its events, its registry, its truth."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import shapely

from events import AnyEvent, Scan, decode_event
from registry.model import (
    Authorisation,
    Dealer,
    Head,
    IssuingJob,
    Permit,
    Product,
    Shipment,
    Site,
    Territory,
)

ROWS: dict[str, type[msgspec.Struct]] = {
    "products": Product,
    "dealers": Dealer,
    "authorisations": Authorisation,
    "permits": Permit,
    "sites": Site,
    "shipments": Shipment,
    "jobs": IssuingJob,
}


@dataclass(frozen=True)
class World:
    """A recording, decoded strictly."""

    folder: Path
    head: Head
    events: list[AnyEvent]
    registry: dict[str, list[Any]]
    territories: list[Territory]
    truth: dict[str, Any]

    @property
    def scans(self) -> list[Scan]:
        """The scans, in order of receipt."""
        return [event for event in self.events if isinstance(event, Scan)]

    @property
    def areas(self) -> dict[str, shapely.Geometry]:
        """The territories' areas by id."""
        return {
            territory.territory_id: shapely.from_geojson(json.dumps(territory.geometry))
            for territory in self.territories
        }

    def incidents(self, pattern: str) -> list[dict[str, Any]]:
        """The incidents of a pattern."""
        return [i for i in self.truth["incidents"] if i["pattern"] == pattern]


def read_world(folder: Path) -> World:
    """The recording in a folder; whatever is not in its form raises."""
    registry = folder / "registry"
    features = msgspec.json.decode((registry / "territories.geojson").read_bytes())["features"]
    return World(
        folder,
        msgspec.json.decode((folder / "recording.json").read_bytes(), type=Head),
        [decode_event(line) for line in (folder / "events.jsonl").read_bytes().splitlines()],
        {name: _rows(registry / f"{name}.jsonl", kind) for name, kind in ROWS.items()},
        [
            msgspec.convert(f["properties"] | {"geometry": f["geometry"]}, Territory)
            for f in features
        ],
        msgspec.json.decode((folder / "truth.json").read_bytes()),
    )


def _rows(path: Path, kind: type[msgspec.Struct]) -> list[Any]:
    return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]
