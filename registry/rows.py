"""All rows of a registry as read from a recording or the database, before any question is asked."""

from msgspec import Struct
from msgspec.structs import replace

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
from registry.policies import PolicyVersion
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
    """The policy in force at first; ``policies`` followed it."""
    policies: tuple[PolicyVersion, ...] = ()
    lateness_s: float = 172_800.0


def with_proposed(rows: RegistryRows, proposed: PolicyVersion) -> RegistryRows:
    """The registry as if the policy had been enacted in time: from ``valid_from`` on in place of
    all that would be in force then, or at all times."""
    if proposed.valid_from is None:
        return replace(rows, policy=proposed.policy, policies=())
    earlier = [row for row in rows.policies if row.from_us < proposed.from_us]
    return replace(rows, policies=(*earlier, proposed))
