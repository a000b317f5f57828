"""EPCIS 2.0 events of an item's life, in the forms that recordings use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator import calendar, identifiers
from simulator.earth import Place, offset_hours


@dataclass(frozen=True)
class Spot:
    """Where an event is read: a site's GLN and its place, which gives the time zone."""

    gln: str
    place: Place

    @property
    def read(self) -> dict[str, Any]:
        """The read point."""
        return {"readPoint": {"id": identifiers.site_uri(self.gln)}}

    @property
    def kept(self) -> dict[str, Any]:
        """Read point and business location: things stay there."""
        return self.read | {"bizLocation": {"id": identifiers.site_uri(self.gln)}}


def _object(
    spot: Spot | None, at_ms: int, action: str, step: str, disposition: str
) -> dict[str, Any]:
    hours = offset_hours(spot.place) if spot else 0
    return {
        "type": "ObjectEvent",
        "eventTime": calendar.local(at_ms, hours),
        "eventTimeZoneOffset": calendar.offset(hours),
        "action": action,
        "bizStep": step,
        "disposition": disposition,
    }


def commissioning(spot: Spot, at_ms: int, items: Sequence[str]) -> dict[str, Any]:
    """Items come into being."""
    return (
        _object(spot, at_ms, "ADD", "commissioning", "active")
        | {"epcList": list(items)}
        | spot.kept
    )


def _aggregation(
    spot: Spot, at_ms: int, action: str, step: str, parent: str, items: Sequence[str] | None
) -> dict[str, Any]:
    event = _object(spot, at_ms, action, step, "in_progress") | {"type": "AggregationEvent"}
    event["parentID"] = parent
    if items is not None:
        event["childEPCs"] = list(items)
    return event | spot.read


def packing(spot: Spot, at_ms: int, parent: str, items: Sequence[str]) -> dict[str, Any]:
    """Items go into a case."""
    return _aggregation(spot, at_ms, "ADD", "packing", parent, items)


def unpacking(spot: Spot, at_ms: int, parent: str, items: Sequence[str] | None) -> dict[str, Any]:
    """Items leave a case; without a list, all of them."""
    return _aggregation(spot, at_ms, "DELETE", "unpacking", parent, items)


def _parties(source: str, destination: str) -> dict[str, Any]:
    kinds = ("possessing_party", "owning_party")
    giver, taker = identifiers.party_uri(source), identifiers.party_uri(destination)
    return {
        "sourceList": [{"type": kind, "source": giver} for kind in kinds],
        "destinationList": [{"type": kind, "destination": taker} for kind in kinds],
    }


def shipping(
    spot: Spot,
    at_ms: int,
    units: Sequence[str],
    source: str,
    destination: str,
    shipment_id: str | None = None,
) -> dict[str, Any]:
    """Cases leave one party for another."""
    event = _object(spot, at_ms, "OBSERVE", "shipping", "in_transit")
    event |= {"epcList": list(units)} | spot.read
    if shipment_id:
        event["bizTransactionList"] = [
            {"type": "desadv", "bizTransaction": f"urn:shipment:{shipment_id}"}
        ]
    return event | _parties(source, destination)


def receiving(
    spot: Spot, at_ms: int, units: Sequence[str], source: str, destination: str
) -> dict[str, Any]:
    """Cases arrive at a party."""
    event = _object(spot, at_ms, "OBSERVE", "receiving", "in_progress")
    return event | {"epcList": list(units)} | spot.kept | _parties(source, destination)


def selling(spot: Spot, at_ms: int, item: str) -> dict[str, Any]:
    """An item is sold over the counter."""
    event = _object(spot, at_ms, "OBSERVE", "retail_selling", "retail_sold")
    return event | {"epcList": [item]} | spot.kept


def returning(spot: Spot, at_ms: int, item: str) -> dict[str, Any]:
    """A buyer brings an item back."""
    event = _object(spot, at_ms, "OBSERVE", "returning", "returned")
    return event | {"epcList": [item]} | spot.kept


def recalling(at_ms: int, items: Sequence[str]) -> dict[str, Any]:
    """The brand recalls items, wherever they are."""
    return _object(None, at_ms, "OBSERVE", "holding", "recalled") | {"epcList": list(items)}


def decommissioning(spot: Spot, at_ms: int, items: Sequence[str]) -> dict[str, Any]:
    """Items are taken out of the world: nobody should see them again."""
    event = _object(spot, at_ms, "DELETE", "decommissioning", "inactive")
    return event | {"epcList": list(items)} | spot.read
