"""The registry as the rules ask it: who, what, where, as known at a time."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import Struct

from events.model import Crs
from registry.authority import ANY_PRODUCT, Authority, Window
from registry.known import Known
from registry.limited import LimitedPermits
from registry.model import ALL, Dealer, IssuingJob, Link, Product, Shipment, Site, Territory
from registry.places import Places, wgs84_columns
from registry.plans import TrackerPlans
from registry.policies import Policies
from registry.policy import Policy
from registry.rows import RegistryRows


class SiteParty(Struct, frozen=True, gc=False):
    """Who holds goods at a site. Goods at a dealer's site are that dealer's to answer for; an
    operator (a carrier, a hired warehouse) holds them for somebody else."""

    gln: str
    role: Literal["dealer", "operator", "own"]


class Registry:
    """A snapshot of all rows; every question says as known at which time (microseconds)."""

    def __init__(self, rows: RegistryRows, index: Path | None = None) -> None:
        """``index``: see ``Places``."""
        self.rows = rows
        self.policies = Policies(rows.policy, rows.policies)
        self.first_policy_hash = self.policies.all[0].digest
        self.authority = Authority(rows, self.policies)
        self.places = Places(rows.territories, index)
        self._products: Known[Product] = Known(rows.products, lambda row: row.gtin)
        self._dealers: Known[Dealer] = Known(rows.dealers, lambda row: row.dealer_id)
        self._dealers_by_gln: Known[Dealer] = Known(rows.dealers, lambda row: row.gln)
        self._sites: Known[Site] = Known(rows.sites, lambda row: row.site_gln)
        self._shipments: Known[Shipment] = Known(rows.shipments, lambda row: row.shipment_id)
        self._links: Known[Link] = Known(rows.links, lambda row: row.link_id)
        self._own = frozenset(rows.own_glns)
        self._plans = TrackerPlans(rows.shipments, self._shipments)

    def policy(self, known_us: int) -> Policy:
        """The thresholds in force for what became known then."""
        return self.policies.at(known_us).policy

    def policy_hash(self, known_us: int) -> str:
        """The hash of that policy."""
        return self.policies.at(known_us).digest

    @cached_property
    def limited_permits(self) -> LimitedPermits:
        """The permits of the dealers that have one with a quantity."""
        return LimitedPermits(self.rows.permits)

    def was_ever_given(self, dealer_id: str, territory_ids: Iterable[str]) -> bool:
        """Whether any row of authorisation ever gave the dealer one of these territories, whatever
        the product and time."""
        return not self._ever_given.get(dealer_id, frozenset()).isdisjoint(territory_ids)

    @cached_property
    def _ever_given(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for row in self.rows.authorisations:
            found.setdefault(row.dealer_id, set()).update(row.territory_ids)
        return found

    @cached_property
    def lateness_us(self) -> int:
        """How much later another event may arrive and still count (DESIGN, 'Order and time')."""
        return round(self.rows.lateness_s * 1_000_000)

    def product(self, gtin: str, known_us: int) -> Product | None:
        """The product with this GTIN-14."""
        return self._products.get(gtin, known_us)

    def dealer(self, dealer_id: str, known_us: int) -> Dealer | None:
        """The dealer with this id."""
        return self._dealers.get(dealer_id, known_us)

    def dealer_by_gln(self, gln: str | None, known_us: int) -> Dealer | None:
        """The dealer whose party GLN this is; None for own and unknown parties."""
        return None if gln is None else self._dealers_by_gln.get(gln, known_us)

    def site(self, gln: str, known_us: int) -> Site | None:
        """The site with this GLN."""
        return self._sites.get(gln, known_us)

    def sites_of(self, gln: str, known_us: int) -> list[Site]:
        """The site itself, or all sites of the party with this GLN."""
        dealer = self.dealer_by_gln(gln, known_us)
        return [
            site
            for site in self._sites.all(known_us)
            if gln in (site.site_gln, site.operator_gln)
            or (dealer is not None and site.dealer_id == dealer.dealer_id)
        ]

    def party_at(self, site_gln: str, known_us: int) -> SiteParty | None:
        """The party that holds goods at a site: its dealer, else its operator; at the brand's own
        sites the brand, whose GLN is the first of its own."""
        site = self._sites.get(site_gln, known_us)
        if site is not None and site.dealer_id is not None:
            dealer = self._dealers.get(site.dealer_id, known_us)
            return SiteParty(dealer.gln, "dealer") if dealer else None
        if site is not None and site.operator_gln is not None:
            return SiteParty(site.operator_gln, "operator")
        return SiteParty(self.rows.own_glns[0], "own") if site_gln in self._own else None

    def smallest_territory(
        self, lon: float, lat: float, crs: Crs, at_us: int, known_us: int
    ) -> Territory | None:
        """The smallest territory by area that holds the place, ties by id."""
        return self.smallest_territories([lon], [lat], [crs], [at_us], [known_us])[0]

    def smallest_territories(
        self, lon: Sequence[float], lat: Sequence[float], crs: Sequence[Crs],
        at_us: Sequence[int], known_us: Sequence[int],
    ) -> list[Territory | None]:  # fmt: skip
        """The same for many places, each with its own times."""
        held = self.places.holding_columns(*wgs84_columns(lon, lat, crs), at_us, known_us)
        return [found[0] if found else None for found in held]

    def is_own(self, gln: str | None) -> bool:
        """Whether it is one of the brand's own parties or sites."""
        return gln in self._own

    def largest_territory_of(self, dealer_id: str, at_us: int, known_us: int) -> str | None:
        """The largest territory in which the dealer may sell anything then, ties by id."""
        window = Window(at_us, at_us, at_us)
        key = self.authority.where(dealer_id, ANY_PRODUCT, window, known_us)
        versions = {version for clause in key or () for union in clause for version in union}
        largest = min(versions, key=lambda v: (-self.places.size_m2(v), v), default=None)
        return largest[0] if largest else None

    def jobs_of(self, gtin: str) -> list[IssuingJob]:
        """The issuing jobs for a product."""
        return self._jobs.get(gtin, [])

    @cached_property
    def _jobs(self) -> dict[str, list[IssuingJob]]:
        found: dict[str, list[IssuingJob]] = {}
        for job in self.rows.jobs:
            found.setdefault(job.gtin, []).append(job)
        return found

    def links_of(self, gtin: str, known_us: int) -> list[Link]:
        """The links that the brand configured for a product and has not withdrawn."""
        return [
            link
            for link in self._links.all(known_us)
            if not link.withdrawn and (link.gtins == ALL or gtin in link.gtins)
        ]

    def shipment(self, shipment_id: str, known_us: int) -> Shipment | None:
        """The shipment with this id."""
        return self._shipments.get(shipment_id, known_us)

    def shipment_rows(self, shipment_id: str) -> list[Shipment]:
        """All versions of a shipment's row."""
        return self._rows_of_shipment.get(shipment_id, [])

    @cached_property
    def _rows_of_shipment(self) -> dict[str, list[Shipment]]:
        found: dict[str, list[Shipment]] = {}
        for row in self.rows.shipments:
            found.setdefault(row.shipment_id, []).append(row)
        return found

    def shipments_for_fix(self, tracker_id: str, at_us: int, known_us: int) -> list[str]:
        """Of a tracker's shipments those that may be under way then, by the plans as known: from a
        day before the planned departure until the next shipment's. A tracker may be used again."""
        return self._plans.shipments_for_fix(tracker_id, at_us, known_us)

    def fixes_until(self, shipment_id: str, tracker_id: str) -> int:
        """No fix of the tracker from then on (microseconds) belongs to the shipment."""
        return self._plans.until_us(tracker_id, shipment_id)

    def shipments_of_unit(self, epc: str) -> list[str]:
        """Ids of the shipments that any version of a row gives the logistic unit."""
        return self._by_unit.get(epc, [])

    @cached_property
    def _by_unit(self) -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {}
        for row in self.rows.shipments:
            for sscc in row.ssccs:
                found.setdefault(sscc, {})[row.shipment_id] = None
        return {unit: list(ids) for unit, ids in found.items()}
