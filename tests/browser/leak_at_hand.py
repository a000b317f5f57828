"""A leak as it looks after some weeks: goods shipped to a dealer, and where they were read."""

from datetime import timedelta
from typing import Any

import msgspec

from events.model import ItemEvent
from events.timed import timed
from events.wire import encode_event
from registry import Registry
from registry.model import Site
from store.events import store_events
from store.incoming import incoming_of
from store.instants import to_us
from tests.api.findings import add_finding, item_of
from tests.api.world import NOW, World

BRAND, OURS, THEIRS = "9506000000015", "9506000300023", "9506000200040"
DEALER = "9506000100067"
CASE = "https://id.gs1.org/00/395060000010000174"
SERIALS = (
    "QA7DBWB0TY541", "VVNKNDTXCWP72", "2YPCF4JP830S3", "ZXW529A4KZT04", "0NY01DEEERTF5",
    "CWX0CHW42CY96", "83G9HXPZCBWJ7", "FVR5MEYWPA5T8", "AVGQ0YRYS3HS9",
)  # fmt: skip
SITES = (
    Site(site_gln=OURS, role="warehouse", lon=-104.8, lat=41.1, operator_gln=BRAND),
    Site(site_gln=THEIRS, role="warehouse", lon=-104.6, lat=39.8, dealer_id="D1"),
    Site(site_gln="9506000300047", role="outlet", lon=-106.9, lat=38.6, dealer_id="D1"),
    Site(site_gln="9506000300054", role="outlet", lon=-111.9, lat=40.7, dealer_id="D1"),
    Site(site_gln="9506000300061", role="outlet", lon=-99.3, lat=38.9),
    Site(site_gln="9506000300078", role="outlet", lon=-97.4, lat=37.7),
)

EXPOSURE: dict[str, Any] = {
    "amount": "7716.00",
    "currency": "CNY",
    "basis": "items-estimated",
    "known": {"items": 9, "amount": "2160.00"},
    "estimated": {
        "low": 21, "high": 46, "amount_low": "5040.00", "amount_high": "11040.00", "level": 0.9,
        "share": 0.28, "origins": 31, "of_dealer": True,
    },
}  # fmt: skip
"""As ``cases.exposure`` puts it."""


def add_leak(world: World, *, change: int) -> dict[str, Any]:
    """Reads in Kansas of what one case held, its custody, and the sites around; returns what the
    body of their case says."""
    rows = world.registry.rows
    world.registry = Registry(msgspec.structs.replace(rows, sites=SITES, own_glns=(BRAND,)))
    _add_custody(world)
    alert_ids = tuple(
        add_finding(
            world, serial, change=change + number, minutes=-1310 * (len(SERIALS) - number),
            where="Kansas", territory_id="US-20", strength=0.2,
            lon=-99.9 + 0.37 * number % 1.6, lat=38.2 + 0.53 * number % 1.3,
        )
        for number, serial in enumerate(SERIALS)
    )  # fmt: skip
    day_us = 86_400_000_000
    evidence = (0.1, -0.1, 0.4, 0.9, 0.8, 1.6, 2.1, 2.9, 3.8)
    begin_us = to_us(NOW) - 9 * day_us
    course = [[begin_us + number * day_us, value] for number, value in enumerate(evidence)]
    return {
        "alert_ids": alert_ids,
        "items": len(SERIALS),
        "exposure": EXPOSURE,
        "facts": {"course": course, "threshold": 2.7},
    }


def _add_custody(world: World) -> None:
    items = [item_of(serial) for serial in SERIALS]
    made = {"type": "ObjectEvent", "action": "ADD", "disposition": "active", "epcList": items}
    moved = {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [CASE], **_parties()}
    case = {"type": "AggregationEvent", "parentID": CASE, "childEPCs": items}
    steps: tuple[tuple[dict[str, Any], str, str, float], ...] = (
        (made, "commissioning", OURS, 24.0),
        ({**case, "action": "ADD"}, "packing", OURS, 23.9),
        ({**moved, "disposition": "in_transit"}, "shipping", OURS, 21.0),
        ({**moved, "disposition": "in_progress"}, "receiving", THEIRS, 19.5),
        ({**case, "action": "DELETE"}, "unpacking", THEIRS, 18.8),
    )
    found = [_item_event(number, *step) for number, step in enumerate(steps)]
    with world.engine.begin() as connection:
        store_events(connection, [incoming_of(timed(one), encode_event(one)) for one in found])


def _parties() -> dict[str, Any]:
    return {
        f"{name}List": [
            {"type": kind, name: f"https://id.gs1.org/417/{party}"}
            for kind in ("possessing_party", "owning_party")
        ]
        for name, party in (("source", BRAND), ("destination", DEALER))
    }


def _item_event(
    number: int, event: dict[str, Any], biz_step: str, site: str, days_ago: float
) -> ItemEvent:
    at = NOW - timedelta(days=days_ago)
    body = {
        **event,
        "eventID": f"urn:uuid:c0{number}",
        "bizStep": biz_step,
        "bizLocation": {"id": f"https://id.gs1.org/414/{site}"},
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+00:00",
    }
    return ItemEvent(event_id=f"urn:uuid:c0{number}", received_at=at, event=body)
