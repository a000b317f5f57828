"""Who does what in a world: hands incidents and innocent oddities out among its lots."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import shapely

from registry.model import Permit
from simulator.chance import Chance
from simulator.country import Town
from simulator.earth import Place, distance_m
from simulator.levels import Level
from simulator.lots import Leak, Lot
from simulator.market import Market, Party
from simulator.overrun import Overrun
from simulator.permits import permit_for, state_abroad
from simulator.truth import Incident, Innocent, Truth

SMALL = 1000
"""Worlds with fewer items bend chance, so that each kind of incident has its place."""
LEAK_SEEN = 14
LEAST_SEEN = 8
"""A leak with fewer located items than this is not counted as detectable."""
COPIED_AT_HOME = 3
"""Where the dealer sells anyway, so many codes have to be read in two places to be copies."""
CLEAR_DEGREES = 0.25
"""How far a destination lies from the diverter's own area: no border traffic explains it."""


@dataclass
class Plots:
    """What was planned besides the lots' own fates."""

    truth: Truth = field(default_factory=Truth)
    leaks: list[Leak] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    overruns: list[Overrun] = field(default_factory=list)


class Plotting:
    """Gives each incident a lot of its own, as long as there are lots."""

    def __init__(
        self, market: Market, lots: list[Lot], span: tuple[int, int], level: Level, chance: Chance
    ) -> None:
        self.market, self.lots, self.span, self.level, self.chance = (
            market,
            lots,
            span,
            level,
            chance,
        )
        self.plots = Plots()
        self.items = sum(sum(lot.cases) for lot in lots)

    def plan(self) -> Plots:
        """All of it: culprits first, so that a small world has them."""
        if self.level.culprits:
            self._leaks()
            for _ in range(1 + self.items // 4000):
                self._crimes()
        for _ in range(1 + self.items // 4000):
            self._oddities()
        return self.plots

    def incident(self, kind: str, pattern: str, rules: list[str], **more: Any) -> Incident:
        """A new incident in the truth."""
        made = Incident(kind, pattern, self.level.difficulty, rules, **more)
        self.plots.truth.incidents.append(made)
        return made

    def innocent(self, pattern: str, dealer_id: str | None, territory_id: str | None) -> Innocent:
        """A new oddity in the truth."""
        made = Innocent(pattern, dealer_id, territory_id)
        self.plots.truth.innocents.append(made)
        return made

    def take(
        self, fits: Callable[[Lot], bool] = lambda _: True, chance: Chance | None = None
    ) -> Lot | None:
        """A lot without a fate that fits; those in the middle of the span are asked first."""
        free = [lot for lot in self.lots if lot.plain and fits(lot)]
        early = free[len(free) // 8 : max(len(free) * 3 // 4, 1)] or free
        return (chance or self.chance).one_of(early) if early else None

    def _leaks(self) -> None:
        count = (
            1 if self.items < 2000 else 2 if self.items < 8000 else min(2 + self.items // 20_000, 4)
        )
        pool = [p for p in self.market.parties if p.dealer.dealer_id not in ("D002", "D008")]
        if self.items < SMALL:
            pool = [p for p in pool if p.parent is None]
        for party in self.chance.sample(pool, count):
            town = self._destination(party)
            if town is not None:
                self._leak(party, town)

    def _leak(self, party: Party, town: Town) -> None:
        if self.items < SMALL:
            for lot in self.lots:
                if lot.number % 5 in (1, 3):
                    lot.party, lot.onward = party, None
        start = self.span[0] + (self.span[1] - self.span[0]) // (8 if self.items < SMALL else 4)
        incident = self.incident(
            "diversion",
            "leak",
            ["dealer-leak", "scan-outside-territory"],
            dealer_id=party.dealer.dealer_id,
            territory_id=self.market.territory_at(town.place),
            least_seen=LEAST_SEEN,
        )
        share = self.chance.between(*self.level.leak_share)
        if self.items < SMALL:
            share = max(share, 0.45)
        leak = Leak(
            incident,
            party,
            town,
            share,
            start,
            self.level.leaks_hide,
            0 if self.level.leaks_hide else LEAK_SEEN,
        )
        self.plots.leaks.append(leak)
        for lot in self.lots:
            if lot.seller is party and lot.begins_ms >= start:
                lot.fate.leak = leak

    def _destination(self, party: Party) -> Town | None:
        """A larger town in somebody else's territory, clearly away from the diverter's own."""
        low, high = self.level.leak_distance_m
        own = self._family(party)
        others = set().union(*(p.home for p in self.market.parties)) - own
        start = party.warehouses[0].town.place
        towns = [
            t
            for t in self.market.country.towns_of(others)
            if low <= distance_m(start, t.place) <= high and self._clear_of(own, t.place)
        ] or [t for t in self.market.country.towns_of(others) if self._clear_of(own, t.place)]
        towns.sort(key=lambda t: -t.weight)
        return self.chance.one_of(towns[: max(len(towns) // 6, 1)]) if towns else None

    @staticmethod
    def _family(party: Party) -> set[str]:
        return party.home | (party.parent.home if party.parent else set())

    def _clear_of(self, territory_ids: set[str], place: Place) -> bool:
        point = shapely.Point(place.lon, place.lat)
        return all(
            self.market.territories[t].polygon.distance(point) > CLEAR_DEGREES
            for t in territory_ids
        )

    def _crimes(self) -> None:
        middle = self.span[0] + (self.span[1] - self.span[0]) * 5 // 8
        if lot := self.take(lambda lot: lot.begins_ms < middle):
            lot.fate.recall = self.incident(
                "custody",
                "recalled-scanned",
                ["item-inactive"],
                expects="alert",
                dealer_id=lot.seller.dealer.dealer_id,
            )
        if lot := self.take():
            lot.fate.stop = self.incident(
                "transport",
                "truck-stop",
                ["shipment-outside-territories"],
                dealer_id=lot.party.dealer.dealer_id,
                least_seen=3,
            )
            lot.tracked = True
        if lot := self.take():
            lot.fate.cloned = self.incident(
                "clone", "printed-copies", ["impossible-travel", "code-cloned"], least_seen=4
            )
        if lot := self.take():
            lot.fate.opened = self.incident(
                "transport",
                "shipment-opened",
                ["shipment-opened"],
                dealer_id=lot.party.dealer.dealer_id,
            )
        if lot := self.take(lambda lot: lot.party.dealer.dealer_id not in ("D002", "D003")):
            self._stray(lot)
        if lot := self.take(lambda lot: lot.cases[0] > 4):
            self._surfaces(lot)
        if lot := self.take(lambda lot: lot.cases[0] > 4):
            town = self.chance.one_of(self._large_towns()[:20])
            incident = self.incident(
                "clone",
                "copied-block",
                ["code-cloned", "impossible-travel"],
                territory_id=self.market.territory_at(town.place),
                least_seen=4,
            )
            is_abroad = incident.territory_id not in self._family(lot.seller)
            incident.least_twice = 1 if is_abroad else COPIED_AT_HOME
            lot.fate.block_copied = (incident, town)
        if lot := self.take(lambda lot: lot.product.storage_c is not None):
            lot.fate.warm = self.incident(
                "cold-chain",
                "cooling-failed",
                ["temperature-excursion"],
                dealer_id=lot.party.dealer.dealer_id,
                least_seen=6,
            )
            lot.tracked = True
        if lot := self.take():
            lot.fate.decommissioned = self.incident(
                "custody",
                "decommissioned-scanned",
                ["item-inactive"],
                expects="alert",
                dealer_id=lot.seller.dealer.dealer_id,
            )

    def _large_towns(self) -> list[Town]:
        return sorted(self.market.country.towns, key=lambda town: -town.weight)

    def _surfaces(self, lot: Lot) -> None:
        """One whole case turns up in a town of somebody else's."""
        town = self._destination(lot.seller)
        if town is None:
            return
        incident = self.incident(
            "diversion",
            "case-surfaced",
            ["scan-outside-territory"],
            dealer_id=lot.seller.dealer.dealer_id,
            territory_id=self.market.territory_at(town.place),
            least_seen=3,
        )
        lot.fate.surfaces = (incident, town)

    def _stray(self, lot: Lot) -> None:
        others = [p for p in self.market.receivers if p is not lot.party]
        taker = self.chance.one_of(others)
        incident = self.incident(
            "diversion",
            "wrong-dealer",
            ["received-by-wrong-dealer"],
            dealer_id=lot.party.dealer.dealer_id,
        )
        lot.fate.strays = (incident, taker)

    def _oddities(self) -> None:
        market, chance = self.market, self.chance
        if lot := self.take(lambda lot: lot.party.parent is None and lot.onward is None):
            self._permit(lot)
        if lot := self.take(lambda lot: lot.onward is None):
            taker = chance.one_of([p for p in market.receivers if p is not lot.party])
            told = self.innocent("resale-between-dealers", taker.dealer.dealer_id, None)
            lot.fate.resold = (told, taker)
        if lot := self.take():
            town = max(chance.sample(market.country.towns, 40), key=lambda t: t.attraction)
            told = self.innocent(
                "trade-show", lot.seller.dealer.dealer_id, market.territory_at(town.place)
            )
            lot.fate.fair = (told, town)
        if self.items >= SMALL and (lot := self.take(lambda lot: lot.onward is None)):
            wrong = chance.one_of([p for p in market.receivers if p is not lot.party])
            told = self.innocent("corrected-receipt", lot.party.dealer.dealer_id, None)
            lot.fate.corrected = (told, wrong)
        if lot := self.take():
            lot.fate.showcase = self.innocent("showcase", lot.seller.dealer.dealer_id, None)

    def _permit(self, lot: Lot) -> None:
        """A sale elsewhere, reported beforehand: for a state and as many items as the lot has."""
        state, towns = state_abroad(self.market, lot.party, self.chance)
        self.permit(lot.party, [lot.product.gtin], state, lot.begins_ms, sum(lot.cases))
        told = self.innocent("permit", lot.party.dealer.dealer_id, state)
        lot.fate.permit = (told, self.chance.one_of(towns[:8]))

    def permit(
        self, party: Party, gtins: list[str], state: str, goods_ms: int, quantity: int
    ) -> Permit:
        """A permit for a state until the world's end."""
        number, ids = len(self.plots.permits) + 1, self.market.ids_of_state(state)
        made = permit_for(number, party, gtins, ids, goods_ms, self.span[1], quantity)
        self.plots.permits.append(made)
        return made
