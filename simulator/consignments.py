"""A lot's way: made, packed, shipped, received, forwarded, unpacked; its fate meets it underway."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from registry.model import Shipment
from simulator import epcis, identifiers, trucks
from simulator.calendar import DAY, HOUR, MINUTE, SECOND
from simulator.chance import Chance
from simulator.codebook import Codebook, Item
from simulator.country import Town
from simulator.custody_log import CustodyLog
from simulator.delivery import Delivery
from simulator.earth import Place, distance_m
from simulator.epcis import Spot
from simulator.journeys import Journey, Journeys
from simulator.levels import Level
from simulator.lots import Lot
from simulator.market import BRAND_GLN, Market, Party
from simulator.scans import Account, Scanning


@dataclass
class Case:
    """A logistic unit and what is in it."""

    uri: str
    items: list[Item]

    @property
    def uris(self) -> list[str]:
        """The items' URIs."""
        return [item.uri for item in self.items]


@dataclass
class Arrived:
    """A lot at the party that will sell it, unpacked from some time on."""

    lot: Lot
    seller: Party
    cases: list[Case]
    unpacked_ms: list[int]
    """For each case."""
    missing: set[str]
    """Items that were stolen underway."""


class Consignments:
    """Takes lots to their sellers and writes down the shipments."""

    def __init__(
        self,
        market: Market,
        codebook: Codebook,
        log: CustodyLog,
        delivery: Delivery,
        scanning: Scanning,
        journeys: Journeys,
        level: Level,
        chance: Chance,
    ) -> None:
        self._market, self._codebook, self._log, self._delivery = market, codebook, log, delivery
        self._scanning, self._journeys = scanning, journeys
        self._level, self._chance = level, chance
        self.shipment_rows: list[bytes] = []
        self._cases = 0
        self._issued: dict[str, int] = {}

    def issued(self) -> dict[str, int]:
        """How many serials of each product are in use."""
        return self._issued

    def send(self, lot: Lot) -> Arrived:
        """All of a lot's way."""
        origin = Spot(lot.origin.gln, lot.origin.town.place)
        at_ms = lot.begins_ms
        cases = [self._case(lot, size) for size in lot.cases]
        everything = [uri for case in cases for uri in case.uris]
        self._log.report(at_ms, epcis.commissioning(origin, at_ms, everything))
        packed_ms = at_ms + self._chance.integer(15, 90) * MINUTE
        for case in cases:
            self._log.report(packed_ms, epcis.packing(origin, packed_ms, case.uri, case.uris))
        leaves_ms = packed_ms + int(self._chance.between(0.5, 3) * DAY)
        receipt_ms, missing = self._ship(lot, origin, cases, leaves_ms)
        return self._deliver(lot, cases, receipt_ms, missing)

    def _case(self, lot: Lot, size: int) -> Case:
        gtin = lot.product.gtin
        first = self._issued.get(gtin, 0)
        self._issued[gtin] = first + size
        items = self._codebook.items(gtin, first, size)
        self._cases += 1
        return Case(identifiers.sscc_uri(self._cases), items)

    def _ship(
        self, lot: Lot, origin: Spot, cases: list[Case], leaves_ms: int
    ) -> tuple[int, set[str]]:
        units = [case.uri for case in cases]
        gln = lot.party.dealer.gln
        event = epcis.shipping(origin, leaves_ms, units, BRAND_GLN, gln, lot.shipment_id)
        stop = lot.fate.stop
        if stop:
            stop.shipment_ids.append(lot.shipment_id)
        self._log.report(leaves_ms, event, delay_ms=20 * SECOND if lot.fate.opened else None)
        goal = lot.party.warehouse(leaves_ms).town.place
        route = trucks.planned_route(origin.place, goal, self._chance)
        journey = self._journeys.drive(lot, route, leaves_ms)
        arrives_ms = journey.arrives_ms
        missing = self._opened(lot, cases[0], leaves_ms, arrives_ms) if lot.fate.opened else set()
        self._note_shipment(lot, units, route, leaves_ms, journey)
        return arrives_ms + self._chance.integer(20, 240) * MINUTE, missing

    def _opened(self, lot: Lot, case: Case, leaves_ms: int, arrives_ms: int) -> set[str]:
        """Two items of a sealed case are read somewhere else while it is underway."""
        incident = lot.fate.opened
        assert incident is not None
        town = self._elsewhere(lot)
        incident.territory_id = self._market.territory_at(town.place)
        incident.shipment_ids.append(lot.shipment_id)
        missing = set()
        for item in case.items[:2]:
            at_ms = leaves_ms + int((arrives_ms - leaves_ms) * self._chance.between(0.5, 0.9))
            label = self._scanning.label(item)
            for seen in self._scanning.visit(
                label, town.place, at_ms, source="gnss", accounts=[incident]
            ):
                incident.reveal(seen.event_id, seen.received_ms, item.uri, incident.territory_id)
            missing.add(item.uri)
        return missing

    def _elsewhere(self, lot: Lot) -> Town:
        """A town well away from both ends of the way, within a few hours' drive."""
        start = lot.origin.town.place
        goal = lot.party.warehouse(lot.begins_ms).town.place
        towns = [
            t
            for t in self._market.country.towns
            if distance_m(t.place, start) > 60_000
            and distance_m(t.place, goal) > 60_000
            and not self._market.within(lot.party.home, t.place)
        ]
        return min(self._chance.sample(towns, 30), key=lambda t: distance_m(t.place, start))

    def _note_shipment(
        self, lot: Lot, units: list[str], route: list[Place], leaves_ms: int, journey: Journey
    ) -> None:
        middle = route[6]
        row = Shipment(
            shipment_id=lot.shipment_id,
            ssccs=units,
            from_gln=lot.origin.gln,
            to_gln=lot.party.dealer.gln,
            depart_after=_time(leaves_ms - HOUR),
            arrive_before=_time(journey.arrives_ms + DAY),
            storage_c=lot.product.storage_c,
        )
        if journey.tracker_id:
            planned = {"lon": middle.lon, "lat": middle.lat, "radius_m": 500.0}
            row = msgspec.convert(
                msgspec.to_builtins(row)
                | {
                    "tracker_id": journey.tracker_id,
                    "route": route,
                    "corridor_m": trucks.CORRIDOR_M,
                    "stops": [planned],
                },
                Shipment,
            )
        self.shipment_rows.append(msgspec.json.encode(row) + b"\n")

    def _deliver(self, lot: Lot, cases: list[Case], at_ms: int, missing: set[str]) -> Arrived:
        """Receipt by the dealer (or a wrong one), and on to whom the cases go unopened."""
        holder = lot.party
        accounts: list[Account] = []
        if lot.fate.strays:
            incident, holder = lot.fate.strays
            incident.shipment_ids.append(lot.shipment_id)
            incident.territory_id = self._market.territory_at(holder.warehouse(at_ms).town.place)
            accounts.append(incident)
            incident.gtins.add(lot.product.gtin)
            incident.items.update(dict.fromkeys(uri for case in cases for uri in case.uris))
        late = self._chance.happens(self._level.late_custody)
        delay = int(self._chance.between(2, 12) * DAY) if late else None
        units = [case.uri for case in cases]
        spot = _spot(holder, at_ms)
        event = epcis.receiving(spot, at_ms, units, BRAND_GLN, holder.dealer.gln)
        if lot.fate.corrected:
            told, wrong = lot.fate.corrected
            mistaken = epcis.receiving(
                _spot(wrong, at_ms), at_ms, units, BRAND_GLN, wrong.dealer.gln
            )
            corrected_ms = at_ms + self._chance.integer(40, 600) * MINUTE
            self._log.report_corrected(at_ms, mistaken, event, corrected_ms, [told])
            return self._unpacked(lot, cases, holder, at_ms, None, missing)
        self._log.report(at_ms, event, delay_ms=delay, accounts=accounts)
        if lot.fate.resold:
            told, taker = lot.fate.resold
            holder, at_ms = self._forward(units, holder, taker, at_ms, [told])
        elif lot.onward and not lot.fate.strays:
            holder, at_ms = self._forward(units, holder, lot.onward, at_ms, [])
        return self._unpacked(lot, cases, holder, at_ms, delay, missing)

    def _unpacked(
        self,
        lot: Lot,
        cases: list[Case],
        holder: Party,
        at_ms: int,
        delay: int | None,
        missing: set[str],
    ) -> Arrived:
        unpacked = [self._unpack(case, holder, at_ms, delay, missing) for case in cases]
        return Arrived(lot, holder, cases, unpacked, missing)

    def _forward(
        self, units: list[str], giver: Party, taker: Party, at_ms: int, accounts: list[Account]
    ) -> tuple[Party, int]:
        """Unopened cases go on to another dealer."""
        source, destination = giver.dealer.gln, taker.dealer.gln
        leaves_ms = at_ms + int(self._chance.between(1, 6) * DAY)
        event = epcis.shipping(_spot(giver, leaves_ms), leaves_ms, units, source, destination)
        self._log.report(leaves_ms, event, accounts=accounts)
        arrives_ms = leaves_ms + int(self._chance.between(5, 40) * HOUR)
        event = epcis.receiving(_spot(taker, arrives_ms), arrives_ms, units, source, destination)
        self._log.report(arrives_ms, event, accounts=accounts)
        return taker, arrives_ms

    def _unpack(
        self, case: Case, holder: Party, at_ms: int, delay: int | None, missing: set[str]
    ) -> int:
        unpacked_ms = at_ms + int(self._chance.between(2, 30) * HOUR)
        there = [uri for uri in case.uris if uri not in missing]
        listed = there if missing or self._chance.happens(0.8) else None
        event = epcis.unpacking(_spot(holder, unpacked_ms), unpacked_ms, case.uri, listed)
        self._log.report(unpacked_ms, event, delay_ms=delay)
        return unpacked_ms


def _spot(party: Party, at_ms: int) -> Spot:
    warehouse = party.warehouse(at_ms)
    return Spot(warehouse.gln, warehouse.town.place)


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
