"""What the rules of an item share: a scan, and the context in which it is judged."""

import hashlib
import math
from typing import Literal

from msgspec import Struct

from codes.epc import item_uri
from custody import Custody
from events.model import LEVELS, Location, Scan
from events.timed import Timed
from registry import Policy, Registry
from rules.model import Subject

OURS = frozenset(["valid", "absent", "revoked-key"])
"""Signatures of a code that may be the item's own; a forged code says nothing of the item."""


Concern = Literal["placed", "odd"]
"""Which scans a rule has anything to do with (``rules.catalogue``): those of the item's own code
at a place, which an IP address does not say; or those with which anything is out of the ordinary.
"""


class ItemContext(Struct, frozen=True, gc=False):
    """Custody before the scan, and the registry; what counts is what was known at ``known_us``.
    ``origin`` is the container that the item is in or was in last; ``policy`` the thresholds in
    force."""

    custody: Custody
    registry: Registry
    known_us: int
    origin: str | None
    policy: Policy


LONGEST_KEY = 512
"""Longer keys do not fit an index of PostgreSQL; such a code names no item anyway."""


def item_subject(scan: Scan) -> Subject:
    """The item by its Digital Link URI, or the code as read where it names none."""
    return Subject("item", item_of(scan))


def item_of(scan: Scan) -> str:
    """The key of the item that a scan reads."""
    if scan.gtin is not None and scan.serial is not None:
        return item_uri(scan.gtin, scan.serial)
    if len(scan.uri) <= LONGEST_KEY:
        return scan.uri
    return f"urn:sha256:{hashlib.sha256(scan.uri.encode()).hexdigest()}"


RADIUS_95 = {level: math.sqrt(math.log(0.05) / math.log(1 - level)) for level in LEVELS}
"""By level: how many times the radius at it is the one at 0.95."""


def radius_95_m(at: Location) -> float:
    """The radius that holds the true place in 95 of 100 cases, in metres."""
    return at.accuracy_m * RADIUS_95[at.level]


def coarse_place(at: Location | None) -> dict[str, float]:
    """Longitude and latitude to about a kilometre, as facts; nothing where an IP address says it,
    which lies at a gateway."""
    if at is None or at.source == "ip":
        return {}
    return {"lon": round(at.lon, 2), "lat": round(at.lat, 2)}


ItemScan = Timed[Scan]
