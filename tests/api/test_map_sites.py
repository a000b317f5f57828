"""Outlets and warehouses on a map: those in the frame, and the nearest where there are many."""

from api.console.map_data import Point
from api.console.map_sites import MOST_SITES, sites_within
from codes.checksums import check_digit
from registry import Registry, RegistryRows
from registry.model import Dealer, Site

FRAME = (0.0, 0.0, 10.0, 10.0)


def site(number: int, lon: float, dealer_id: str | None = None) -> Site:
    digits = f"950600020{number:03d}"
    gln = digits + check_digit(digits)
    return Site(site_gln=gln, role="outlet", lon=lon, lat=5.0, dealer_id=dealer_id)


def test_sites_outside_the_frame_are_left_out_and_dealers_are_named() -> None:
    dealer = Dealer(dealer_id="D1", gln="9506000100067", name="Orchid Trading")
    rows = RegistryRows(dealers=(dealer,), sites=(site(1, 5.0, "D1"), site(2, 11.0)))
    [found] = sites_within(Registry(rows), FRAME, [], 0)
    assert (found["role"], found["dealer"], found["lon"]) == ("outlet", "Orchid Trading", 5.0)


def test_of_too_many_sites_those_nearest_to_what_was_seen_are_shown() -> None:
    many = tuple(site(number, number * 0.01) for number in range(MOST_SITES + 50))
    seen = [Point(2.49, 5.0, 10.0, "scan", "", "s1")]
    found = sites_within(Registry(RegistryRows(sites=many)), FRAME, seen, 0)
    assert len(found) == MOST_SITES
    assert min(one["lon"] for one in found) == 0.5
