"""Who sells what where: the brand's products and sites, dealers, territories, authorisations."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely

from registry.model import (
    Authorisation,
    Dealer,
    Money,
    Product,
    Site,
    TemperatureRange,
    Territory,
)
from simulator import identifiers
from simulator.atlas import Region
from simulator.calendar import DAY
from simulator.chance import Chance
from simulator.country import Country, Town
from simulator.earth import Place

BRAND_GLN = identifiers.gln(0, 1)
OWN_SITES = 3
NEAR_DEGREES = 0.3
"""Within some 30 km of the next dealer's towns."""
FROZEN = TemperatureRange(min=-25, max=-15)
SIGNED = datetime(2024, 12, 1, tzinfo=UTC)
"""When the authorisations that are older than any recording began."""
NAMES = ("Orchid", "Harbour", "Summit", "Willow", "Copper", "Lantern", "Meadow", "Juniper")


@dataclass(frozen=True)
class Warehouse:
    """A place where goods are received, from some time on."""

    gln: str
    town: Town
    opens_ms: int = 0


@dataclass(frozen=True)
class Outlet:
    """A shop of a dealer's, open from and until some time."""

    gln: str
    dealer_id: str
    town: Town
    opens_ms: int = 0
    closes_ms: int = 1 << 60


@dataclass
class Party:
    """A dealer with where it may sell and where it does."""

    dealer: Dealer
    home: set[str]
    """Territory ids of its whole area, as long as it holds them."""
    parent: "Party | None" = None
    warehouses: list[Warehouse] = field(default_factory=list)
    outlets: list[Outlet] = field(default_factory=list)

    def warehouse(self, at_ms: int) -> Warehouse:
        """The warehouse in use then."""
        return [w for w in self.warehouses if w.opens_ms <= at_ms][-1]

    def open_outlets(self, at_ms: int) -> list[Outlet]:
        """The outlets that sell then."""
        return [o for o in self.outlets if o.opens_ms <= at_ms < o.closes_ms]


@dataclass
class Market:
    """All of a registry that does not change with each consignment."""

    country: Country
    products: list[Product]
    own_sites: list[Warehouse]
    parties: list[Party]
    territories: dict[str, Region]
    authorisations: list[Authorisation]
    sites: list[Site]
    handover: tuple[str, str, str, int]
    """State, dealer who gave it up, dealer who got it, when."""

    def __post_init__(self) -> None:
        self._regions = list(self.territories.values())
        self._tree = shapely.STRtree([region.polygon for region in self._regions])

    @property
    def receivers(self) -> list[Party]:
        """Those whom the brand ships to: dealers without a parent."""
        return [party for party in self.parties if party.parent is None]

    def territory_at(self, place: Place) -> str | None:
        """The smallest territory that holds the place."""
        hits = self._tree.query(shapely.Point(place.lon, place.lat), predicate="intersects")
        found = [self._regions[index] for index in hits]
        return min(found, key=_size).territory_id if found else None

    def within(self, territory_ids: set[str], place: Place) -> bool:
        """Whether one of the territories holds the place."""
        return any(
            shapely.contains_xy(self.territories[t].polygon, place.lon, place.lat)
            for t in territory_ids
        )

    def ids_of_state(self, state_id: str) -> list[str]:
        """The territories that together are the state: itself, or its counties."""
        return [t for t, region in self.territories.items() if region.state_id == state_id]

    def rows(self) -> list[Territory]:
        """The territories as the registry's rows."""
        return [
            Territory(territory_id=r.territory_id, name=r.name, version=1, geometry=r.geometry)
            for r in self._regions
        ]


def _size(region: Region) -> tuple[float, str]:
    return region.polygon.area, region.territory_id


def products() -> list[Product]:
    """Five products; the third one is frozen."""
    kinds = [
        ("Barley Tea A", 6, 9),
        ("Hair Serum B", 8, 24),
        ("Frozen C", 8, 16),
        ("Face Cream D", 12, 31),
        ("Infant Formula E", 6, 38),
    ]
    return [
        Product(
            gtin=identifiers.gtin(number),
            name=name,
            case_size=case_size,
            unit_value=Money(amount=f"{price}.00", currency="USD"),
            floor_price=Money(amount=f"{price}.50", currency="USD"),
            storage_c=FROZEN if name.startswith("Frozen") else None,
        )
        for number, (name, case_size, price) in enumerate(kinds, start=1)
    ]


class _Founding:
    """Shares the states out among the dealers and opens their warehouses and outlets."""

    def __init__(
        self, country: Country, span: tuple[int, int], outlets: int, chance: Chance
    ) -> None:
        self.country, self.span, self.outlets, self.chance = country, span, outlets, chance
        self._outlet_count = 0
        self._free = [state.territory_id for state in country.states]

    def take(self, near: str | None = None) -> str:
        """The next state nobody has, a neighbour of ``near`` where there is one."""
        around = self.country.neighbours[near] if near else []
        state = next((s for s in self._free if s in around), self._free[0])
        self._free.remove(state)
        return state

    def shop(self, party: Party, territory_ids: set[str], **when: int) -> None:
        """Open outlets in the larger towns there."""
        towns = sorted(self.country.towns_of(territory_ids), key=lambda t: -t.weight)
        for town in self.chance.sample(towns[: 3 * self.outlets], self.outlets):
            gln = identifiers.gln(4, self._outlet_count)
            self._outlet_count += 1
            party.outlets.append(Outlet(gln, party.dealer.dealer_id, town, **when))

    def border_shop(self, party: Party, territory_ids: set[str]) -> None:
        """Open one more outlet, in a larger town near the border: people come from across it."""
        ours = self.country.towns_of(territory_ids)
        home = set(self.country.towns_of(party.home))
        others = [town for town in self.country.towns if town not in home]
        lon = np.array([town.place.lon for town in others])
        lat = np.array([town.place.lat for town in others])

        def is_near(town: Town) -> bool:
            east = (lon - town.place.lon) * math.cos(math.radians(town.place.lat))
            return bool(np.any(np.hypot(east, lat - town.place.lat) < NEAR_DEGREES))

        near = [town for town in ours if is_near(town)]
        near.sort(key=lambda town: -town.weight)
        if near:
            gln = identifiers.gln(4, self._outlet_count)
            self._outlet_count += 1
            party.outlets.append(Outlet(gln, party.dealer.dealer_id, self.chance.one_of(near[:5])))

    def store(self, party: Party, number: int, territory_ids: set[str], opens_ms: int = 0) -> None:
        """Open a warehouse in one of the larger towns."""
        towns = sorted(self.country.towns_of(territory_ids), key=lambda t: -t.weight)
        town = self.chance.one_of(towns[:10])
        party.warehouses.append(Warehouse(identifiers.gln(2, number), town, opens_ms))


def open_market(country: Country, span: tuple[int, int], items: int, chance: Chance) -> Market:
    """Six dealers, two sub-dealers; a state shared, one handed over, one of nobody's."""
    founding = _Founding(country, span, min(3 + items // 2000, 25), chance)
    first, second = founding.take(), None
    states: list[list[str]] = [[first, founding.take(first)]]
    second = founding.take()
    states.append([second, founding.take(second)])
    states += [[founding.take(states[1][1])], [founding.take()]]
    shared = founding.take()
    states += [[founding.take(shared)], [founding.take(shared)]]
    by_county = {first, shared}
    territories = _territories(country, by_county)
    areas = [{t for s in own for t in _ids(country, by_county, s)} for own in states]
    west, east = _halves(country, shared)
    areas[4] |= west
    areas[5] |= east
    parties = _dealers(areas, country, first)
    _settle_in(founding, parties, states, country)
    handover = (states[1][1], "D002", "D003", (span[0] + span[1]) // 2)
    authorisations = _authorisations(parties, handover, _ids(country, by_county, states[1][1]))
    own = [Warehouse(identifiers.gln(3, n), chance.one_of(country.towns)) for n in range(OWN_SITES)]
    return Market(
        country,
        products(),
        own,
        parties,
        territories,
        authorisations,
        _sites(parties, own, chance),
        handover,
    )


def _territories(country: Country, by_county: set[str]) -> dict[str, Region]:
    """Each state as one territory or as its counties."""
    regions: list[Region] = []
    for state in country.states:
        split = state.territory_id in by_county
        regions += country.counties[state.territory_id] if split else [state]
    return {region.territory_id: region for region in regions}


def _ids(country: Country, by_county: set[str], state_id: str) -> list[str]:
    if state_id not in by_county:
        return [state_id]
    return [county.territory_id for county in country.counties[state_id]]


def _halves(country: Country, state_id: str) -> tuple[set[str], set[str]]:
    """A state's counties, cut at the median longitude."""
    ordered = sorted(
        country.counties[state_id], key=lambda c: (c.polygon.centroid.x, c.territory_id)
    )
    ids = [county.territory_id for county in ordered]
    return set(ids[: len(ids) // 2]), set(ids[len(ids) // 2 :])


def _dealers(areas: list[set[str]], country: Country, first: str) -> list[Party]:
    parties = [Party(_dealer(n), area) for n, area in enumerate(areas, start=1)]
    north = sorted(country.counties[first], key=lambda c: (-c.polygon.centroid.y, c.territory_id))
    ids = {county.territory_id for county in north[: (len(north) + 1) // 2]}
    parties.append(Party(_dealer(7, "D001"), ids, parties[0]))
    parties.append(Party(_dealer(8, "D002"), set(parties[1].home), parties[1]))
    return parties


def _dealer(number: int, parent_id: str | None = None) -> Dealer:
    return Dealer(
        dealer_id=f"D{number:03d}",
        gln=identifiers.gln(1, number),
        name=f"{NAMES[number - 1]} Trading {number}",
        parent_id=parent_id,
        grade="ABC"[number % 3],
    )


def _settle_in(
    founding: _Founding, parties: list[Party], states: list[list[str]], country: Country
) -> None:
    """Warehouses and outlets; one warehouse moves, one dealer hands a state over."""
    start, end = founding.span
    given_up = states[1][1]
    for number, party in enumerate(parties, start=1):
        stays = party.home - {given_up}
        founding.store(party, number, stays)
        founding.shop(party, stays)
        founding.border_shop(party, stays)
    moves = start + (end - start) * 6 // 10
    founding.store(parties[3], 54, parties[3].home, moves)
    middle = (start + end) // 2
    founding.shop(parties[1], {given_up}, closes_ms=middle)
    founding.shop(parties[2], {given_up}, opens_ms=middle)


def _authorisations(
    parties: list[Party], handover: tuple[str, str, str, int], given: list[str]
) -> list[Authorisation]:
    """One row a dealer, two for the state handed over; the second sub-dealer has none."""
    _, _, _, at_ms = handover
    when = datetime.fromtimestamp(at_ms // 1000, UTC)
    known = datetime.fromtimestamp((at_ms - 10 * DAY) // 1000, UTC)
    rows = [
        _row(n, party.dealer.dealer_id, sorted(party.home - set(given)), exclusive=n in (1, 3))
        for n, party in enumerate(parties[:7], start=1)
    ]
    rows.append(_row(21, "D002", given, valid_to=when))
    rows.append(_row(22, "D003", given, valid_from=when, recorded_at=known))
    parties[2].home |= set(given)
    return rows


def _row(
    number: int,
    dealer_id: str,
    ids: list[str],
    *,
    exclusive: bool = False,
    **more: Any,
) -> Authorisation:
    return Authorisation(
        authorisation_id=f"AU-{number:04d}",
        dealer_id=dealer_id,
        gtins="all",
        territory_ids=ids,
        exclusive=exclusive,
        **{"valid_from": SIGNED, **more},
    )


def _sites(parties: list[Party], own: list[Warehouse], chance: Chance) -> list[Site]:
    rows = [_site(w, "warehouse", chance, operator_gln=BRAND_GLN) for w in own]
    for party in parties:
        dealer_id = party.dealer.dealer_id
        rows += [_site(w, "warehouse", chance, dealer_id=dealer_id) for w in party.warehouses]
        rows += [_site(o, "outlet", chance, dealer_id=dealer_id) for o in party.outlets]
    return rows


def _site(place: Warehouse | Outlet, role: Any, chance: Chance, **whose: str) -> Site:
    known = (
        datetime.fromtimestamp((place.opens_ms - 5 * DAY) // 1000, UTC) if place.opens_ms else None
    )
    return Site(
        site_gln=place.gln,
        role=role,
        lon=round(place.town.place.lon, 6),
        lat=round(place.town.place.lat, 6),
        recorded_at=known,
        **whose,
    )
