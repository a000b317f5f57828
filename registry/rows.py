"""All rows of a registry as read from a recording or the database, before any question is asked."""

from msgspec import Struct

from registry.model import (
    Authorisation,
    Dealer,
    IssuingJob,
    Link,
    Permit,
    PrintReport,
    Product,
    Shipment,
    Site,
    Territory,
)
from registry.policy import Policy


class RegistryRows(Struct, frozen=True, kw_only=True):
    """Rows in the order recorded; of rows with one key the one recorded last counts."""

    products: tuple[Product, ...] = ()
    dealers: tuple[Dealer, ...] = ()
    territories: tuple[Territory, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    permits: tuple[Permit, ...] = ()
    sites: tuple[Site, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    jobs: tuple[IssuingJob, ...] = ()
    links: tuple[Link, ...] = ()
    print_reports: tuple[PrintReport, ...] = ()
    own_glns: tuple[str, ...] = ()
    policy: Policy = Policy()
    lateness_s: float = 172_800.0
