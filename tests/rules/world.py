"""The small world of the cards' cases: territories A and B side by side, a dealer for each."""

from datetime import UTC, datetime

from registry import Registry, RegistryRows
from registry.model import (
    Authorisation,
    Dealer,
    Money,
    Permit,
    Product,
    Shipment,
    Site,
    Stop,
    TemperatureRange,
    Territory,
)

BRAND, DEALER_A, DEALER_B = "9506000000015", "9506000100067", "9506000100098"
SSCC_ON_ROUTE = "https://id.gs1.org/00/395060000010000402"
FOREIGN_SITE = "9506000200064"
GTIN = "09506000134352"
PERMITTED_GTIN = "09506000001029"
SSCC = "https://id.gs1.org/00/395060000010000082"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def box(west: float, east: float) -> dict[str, object]:
    """A territory from 0° to 10° north."""
    ring = [[west, 0.0], [east, 0.0], [east, 10.0], [west, 10.0], [west, 0.0]]
    return {"type": "Polygon", "coordinates": [ring]}


def registry() -> Registry:
    """Dealer A may sell in A, dealer B in B; shipments SH-1 and, on a route, SH-2 go to
    dealer A."""
    return Registry(
        RegistryRows(
            products=(
                Product(
                    gtin=GTIN,
                    name="Product",
                    floor_price=Money(amount="10.00", currency="USD"),
                ),
                Product(gtin=PERMITTED_GTIN, name="Product that one item is permitted of"),
            ),
            permits=(
                Permit(
                    permit_id="P-1",
                    dealer_id="D-A",
                    gtins=[PERMITTED_GTIN],
                    territory_ids=["P"],
                    valid_from=BEGIN,
                    valid_to=datetime(2027, 1, 1, tzinfo=UTC),
                    quantity=1,
                ),
            ),
            dealers=(
                Dealer(dealer_id="D-A", gln=DEALER_A, name="Dealer A"),
                Dealer(dealer_id="D-B", gln=DEALER_B, name="Dealer B"),
            ),
            territories=(
                Territory(territory_id="A", name="Aland", version=1, geometry=box(0.0, 10.0)),
                Territory(territory_id="B", name="Berland", version=1, geometry=box(10.0, 20.0)),
                Territory(territory_id="P", name="Permia", version=1, geometry=box(60.0, 70.0)),
            ),
            authorisations=tuple(
                Authorisation(
                    authorisation_id=f"AU-{name}",
                    dealer_id=f"D-{name}",
                    gtins="all",
                    territory_ids=[name],
                    exclusive=True,
                    valid_from=BEGIN,
                )
                for name in "AB"
            ),
            sites=(Site(site_gln=FOREIGN_SITE, role="warehouse", lon=15.0, lat=5.0),),
            shipments=(
                Shipment(
                    shipment_id="SH-1",
                    ssccs=[SSCC],
                    tracker_id="T-1",
                    from_gln=BRAND,
                    to_gln=DEALER_A,
                    stops=[Stop(lon=12.0, lat=2.0, radius_m=200.0)],
                ),
                Shipment(
                    shipment_id="SH-2",
                    ssccs=[SSCC_ON_ROUTE],
                    tracker_id="T-2",
                    from_gln=BRAND,
                    to_gln=DEALER_A,
                    route=[(12.0, 5.0), (8.0, 5.0), (5.0, 5.0)],
                    corridor_m=5000.0,
                    storage_c=TemperatureRange(min=-25.0, max=-15.0),
                ),
            ),
            own_glns=(BRAND,),
        )
    )
