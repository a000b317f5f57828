"""An item's life after it was unpacked: sold, scanned, returned, leaked, recalled, shown."""

from collections.abc import Sequence

from simulator import epcis
from simulator.calendar import DAY, HOUR, MINUTE
from simulator.chance import Chance
from simulator.codebook import Item
from simulator.consignments import Arrived, Case
from simulator.consumers import Consumers, Visit, awake, near_shop
from simulator.copies import print_block, print_copies
from simulator.country import Town
from simulator.custody_log import CustodyLog
from simulator.earth import distance_m
from simulator.epcis import Spot
from simulator.lots import Leak
from simulator.market import Market, Outlet, Party
from simulator.movement import Movement
from simulator.overrun import Overrun
from simulator.scans import Account, Scanning, Seen
from simulator.truth import Incident

SHELF = 18 * DAY
SHELF_MAX = 70 * DAY
REPORTED = 0.7
"""The share of sales that outlets report."""
RETURNED = 0.015
RETURN_DAYS = 24
"""Within so many days a returned item is back, and sold again."""
SECOND_HAND = 0.006
"""The share of items that a buyer sells on to somebody else, weeks after."""
FAR_OFF_M = 75e3
"""So far from where copies are sold nobody carried them on an errand."""
SHOWN = 140
"""Visitors who scan a showcase unit."""


class Selling:
    """Sells what arrives."""

    def __init__(
        self,
        market: Market,
        consumers: Consumers,
        scanning: Scanning,
        log: CustodyLog,
        chance: Chance,
        second_hand: Chance,
    ) -> None:
        self._second_hand = second_hand
        self._market, self._consumers, self._scanning = market, consumers, scanning
        self._log, self._chance = log, chance
        self._resold: list[tuple[Item, Visit]] = []
        self._copied: dict[str, tuple[Incident, Town]] = {}

    def sell(self, arrived: Arrived) -> None:
        """All items of a consignment."""
        fate = arrived.lot.fate
        recalled_ms = self._recall(arrived) if fate.recall else None
        left = [
            (item, at_ms)
            for case, at_ms in zip(arrived.cases, arrived.unpacked_ms, strict=True)
            for item in case.items
            if item.uri not in arrived.missing
        ]
        leaked = self._leaked(arrived, fate.leak) if fate.leak else set()
        if fate.surfaces:
            self._surface(arrived, *fate.surfaces)
            left = [(item, at_ms) for item, at_ms in left if item not in arrived.cases[0].items]
        if fate.block_copied:
            incident, town = fate.block_copied
            labels = [self._scanning.label(item) for item in arrived.cases[0].items]
            begins_ms = arrived.unpacked_ms[0] + 10 * DAY
            print_block(self._scanning, labels, town, begins_ms, incident, self._chance)
            self._copied |= {label.uri: (incident, town) for label in labels}
        self._trade_scans(arrived)
        for number, (item, at_ms) in enumerate(left):
            if item.uri in leaked and fate.leak:
                self._leak(item, arrived.seller, at_ms, fate.leak)
            elif number == 0 and self._special(item, arrived, at_ms):
                continue
            elif fate.permit:
                told, town = fate.permit
                self._life(item, town, at_ms, [told])
            elif fate.overrun and self._chance.happens(fate.overrun.share):
                self._oversell(item, at_ms, fate.overrun)
            else:
                self._ordinary(item, arrived.seller, at_ms, fate.recall, recalled_ms, number == 1)

    def _special(self, item: Item, arrived: Arrived, at_ms: int) -> bool:
        """Whether the lot's first item has a life of its own."""
        fate, chance = arrived.lot.fate, self._chance
        outlet = self._outlet(arrived.seller, at_ms)
        if fate.decommissioned:
            self._decommission(item, outlet, at_ms, fate.decommissioned)
        elif fate.cloned:
            self._life(item, outlet.town, at_ms, [])
            print_copies(
                self._scanning,
                self._scanning.label(item),
                self._market.country,
                at_ms + 20 * DAY,
                fate.cloned,
                chance,
            )
        elif fate.showcase:
            fate.showcase.territory_id = self._market.territory_at(outlet.town.place)
            self._show(item, outlet.town, at_ms, 60 * DAY, SHOWN, fate.showcase)
        elif fate.fair:
            told, town = fate.fair
            self._show(item, town, at_ms + 3 * DAY, 3 * DAY, SHOWN // 3, told)
        else:
            return False
        return True

    def _outlet(self, seller: Party, at_ms: int) -> Outlet:
        return self._chance.one_of(seller.open_outlets(at_ms))

    def _shelf_ms(self) -> int:
        return min(int(self._chance.exponential(SHELF)), SHELF_MAX) + HOUR

    def _ordinary(
        self,
        item: Item,
        seller: Party,
        at_ms: int,
        recall: Incident | None,
        recalled_ms: int | None,
        surely: bool,
    ) -> None:
        """Sold at one of the seller's outlets; of a recalled lot one item is surely seen later."""
        outlet = self._outlet(seller, at_ms)
        sold_ms = at_ms + self._shelf_ms()
        if recalled_ms is not None and surely:
            sold_ms = recalled_ms - DAY
        if recalled_ms is None or sold_ms <= recalled_ms - RETURN_DAYS * DAY:
            # What is sold in spite of a recall is not reported, nor brought back by the books.
            self._report_sale(item, outlet, sold_ms)
        visits = self._consumers.visits(outlet.town, sold_ms)
        if visits and recalled_ms is None and self._second_hand.happens(SECOND_HAND):
            self._resold.append((item, visits[-1]))
        if recalled_ms is not None and recall and surely:
            seen = Visit(recalled_ms + 4 * DAY, near_shop(outlet.town, self._chance), "gnss")
            visits = awake(sorted([*visits, seen], key=lambda visit: visit.at_ms))
        self._read(item, visits, [], recall, recalled_ms)

    def resell(self, told: Account, movement: Movement) -> None:
        """What buyers sold on is read by its new owners, where these live; last of all, so that it
        changes nothing else."""
        for item, before in self._resold:
            place = movement.owner_after(before.place)
            at_ms = before.at_ms + int(self._second_hand.between(15, 70) * DAY)
            (visit,) = awake([Visit(at_ms, place)])
            self._scanning.visit(
                self._scanning.label(item), visit.place, visit.at_ms, accounts=[told]
            )

    def _report_sale(self, item: Item, outlet: Outlet, sold_ms: int) -> None:
        spot = Spot(outlet.gln, outlet.town.place)
        if self._chance.happens(REPORTED):
            self._log.report(sold_ms, epcis.selling(spot, sold_ms, item.uri))
        if self._chance.happens(RETURNED):
            back_ms = sold_ms + int(self._chance.between(1, RETURN_DAYS / 2) * DAY)
            self._log.report(back_ms, epcis.returning(spot, back_ms, item.uri))
            again_ms = back_ms + int(self._chance.between(1, RETURN_DAYS / 2) * DAY)
            self._log.report(again_ms, epcis.selling(spot, again_ms, item.uri))

    def _life(self, item: Item, town: Town, at_ms: int, accounts: Sequence[Account]) -> None:
        """Sold in a town, without a report."""
        visits = self._consumers.visits(town, at_ms + self._shelf_ms())
        self._read(item, visits, accounts)

    def _read(
        self,
        item: Item,
        visits: Sequence[Visit],
        accounts: Sequence[Account],
        recall: Incident | None = None,
        recalled_ms: int | None = None,
    ) -> None:
        if not visits:
            return
        label = self._scanning.label(item)
        for visit in visits:
            after = recall is not None and recalled_ms is not None and visit.at_ms > recalled_ms
            noted = [*accounts, recall] if after and recall else accounts
            read = self._scanning.visit(
                label, visit.place, visit.at_ms, source=visit.source, accounts=noted
            )
            if item.uri in self._copied and any(seen.located for seen in read):
                incident, town = self._copied[item.uri]
                if distance_m(visit.place, town.place) >= FAR_OFF_M:
                    incident.far_off(item.uri)

    def _leaked(self, arrived: Arrived, leak: Leak) -> set[str]:
        """Which items leave by the back door: here and there where it hides, else by the case."""
        chance, found = self._chance, set()
        for case in arrived.cases:
            part = leak.share
            if not leak.hides:
                whole = min(1.0, 1.5 * leak.share)
                part = leak.share / whole if chance.happens(whole) else 0.0
            found |= {item.uri for item in case.items if chance.happens(part)}
        return found

    def _oversell(self, item: Item, at_ms: int, overrun: Overrun) -> None:
        """Sold where a permit allows some, whether there still is room under it or not."""
        label = self._scanning.label(item)
        for visit in self._consumers.visits(overrun.town, at_ms + self._shelf_ms()):
            seen = self._scanning.visit(label, visit.place, visit.at_ms, source=visit.source)
            overrun.note(item.uri, self._market.territory_at(visit.place), seen)

    def _leak(self, item: Item, seller: Party, at_ms: int, leak: Leak) -> None:
        incident = leak.incident
        if leak.hides and self._chance.happens(0.3):
            outlet = self._outlet(seller, at_ms)
            false_ms = at_ms + self._shelf_ms()
            spot = Spot(outlet.gln, outlet.town.place)
            self._log.report(false_ms, epcis.selling(spot, false_ms, item.uri))
        sold_ms = at_ms + int(self._chance.between(1, 6) * DAY) + self._shelf_ms() // 2
        surely = leak.must_be_seen > 0
        leak.must_be_seen -= surely
        incident.gtins.add(item.gtin)
        label = self._scanning.label(item)
        for visit in self._consumers.visits(leak.town, sold_ms, surely_seen=surely):
            self._betray(
                label.uri,
                visit,
                leak,
                self._scanning.visit(
                    label, visit.place, visit.at_ms, source=visit.source, accounts=[incident]
                ),
            )

    def _surface(self, arrived: Arrived, incident: Incident, town: Town) -> None:
        """The first case is sold abroad, and most of its items are read there."""
        leak = Leak(incident, arrived.seller, town, 1.0, 0, hides=False, must_be_seen=4)
        for item in arrived.cases[0].items:
            self._leak(item, arrived.seller, arrived.unpacked_ms[0], leak)

    def _betray(self, uri: str, visit: Visit, leak: Leak, scans: Sequence[Seen]) -> None:
        if self._market.within(leak.party.home, visit.place):
            return
        territory = self._market.territory_at(visit.place)
        for seen in scans:
            if seen.located:
                leak.incident.reveal(seen.event_id, seen.received_ms, uri, territory)

    def _recall(self, arrived: Arrived) -> int:
        """The brand recalls the whole lot some weeks after it went on sale."""
        incident = arrived.lot.fate.recall
        assert incident is not None
        at_ms = arrived.unpacked_ms[0] + int(self._chance.between(12, 25) * DAY)
        everything = [uri for case in arrived.cases for uri in case.uris]
        self._log.report(at_ms, epcis.recalling(at_ms, everything))
        incident.gtins.add(arrived.lot.product.gtin)
        return at_ms

    def _decommission(self, item: Item, outlet: Outlet, at_ms: int, incident: Incident) -> None:
        """Reported out of the world, and read again all the same."""
        gone_ms = at_ms + 5 * DAY
        spot = Spot(outlet.gln, outlet.town.place)
        self._log.report(gone_ms, epcis.decommissioning(spot, gone_ms, [item.uri]))
        incident.gtins.add(item.gtin)
        visits = self._consumers.visits(outlet.town, gone_ms + 9 * DAY, surely_seen=True)
        self._read(item, [v for v in visits if v.at_ms > gone_ms + DAY], [incident])

    def _show(
        self, item: Item, town: Town, at_ms: int, lasts_ms: int, visitors: int, told: Account
    ) -> None:
        """Many people scan one unit in the same place, in opening hours."""
        label = self._scanning.label(item)
        for number in range(visitors):
            opened_ms = at_ms + lasts_ms * number // visitors
            place = near_shop(town, self._chance)
            for visit in awake([Visit(opened_ms, place)]):
                self._scanning.visit(label, visit.place, visit.at_ms, accounts=[told])

    def _trade_scans(self, arrived: Arrived) -> None:
        """The dealer reads an item at receipt now and then; an inspector rarely, at an outlet."""
        case, at_ms = arrived.cases[0], arrived.unpacked_ms[0]
        if self._chance.happens(0.25):
            self._dealer_scan(case, arrived.seller, at_ms + 20 * MINUTE)
        if self._chance.happens(0.06):
            outlet = self._outlet(arrived.seller, at_ms)
            inspector = f"inspector-{self._chance.integer(1, 12):04d}"
            self._scanning.trade(
                self._scanning.label(case.items[-1]),
                outlet.town.place,
                at_ms + 2 * DAY,
                "inspector",
                inspector,
            )

    def _dealer_scan(self, case: Case, seller: Party, at_ms: int) -> None:
        place = seller.warehouse(at_ms).town.place
        reader = f"{seller.dealer.dealer_id.lower()}-clerk-{self._chance.integer(1, 3)}"
        self._scanning.trade(self._scanning.label(case.items[-1]), place, at_ms, "dealer", reader)
