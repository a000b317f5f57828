"""What comes in: one frozen struct a kind of event, in the form of a recording's line."""

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Time = Annotated[datetime, Meta(tz=True)]
Id = Annotated[str, Meta(min_length=1, max_length=512)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
AccuracyM = Annotated[float, Meta(ge=0, le=20_100_000)]
Crs = Literal["wgs84", "gcj02", "bd09", "unknown"]
Source = Literal["gnss", "network", "ip", "manual"]
LEVELS = (0.68, 0.95)
Signature = Literal["valid", "invalid", "unknown-key", "revoked-key", "absent"]
Reader = Literal["consumer", "dealer", "inspector"]
Decimal = Annotated[str, Meta(pattern=r"^-?\d{1,18}(\.\d{1,8})?$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class Location(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fix in degrees; ``accuracy_m`` is the radius in metres that holds at ``level``."""

    lon: Lon
    lat: Lat
    accuracy_m: AccuracyM
    level: float = 0.68
    source: Source = "gnss"
    crs: Crs = "wgs84"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError("level is 0.68 or 0.95")
        refuse_null_island(self.lon, self.lat)


def refuse_null_island(lon: float, lat: float) -> None:
    """Refuse 0, 0: devices send it that know no place.

    Raises:
        ValueError: msgspec turns it into its own error, with the path.
    """
    if lon == 0 and lat == 0:
        raise ValueError("0, 0 is no place but what devices send that know none")


class Event(
    Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"
):
    """What every kind has: an id that its sender gave and the time at which the API took it."""

    event_id: Id
    received_at: Time


class Scan(Event, frozen=True, kw_only=True, tag="scan"):
    """A code read at a time and place by a consumer, dealer or inspector."""

    scanned_at: Time
    uri: Annotated[str, Meta(max_length=8192)]
    signature: Signature
    reader: Reader
    gtin: Annotated[str, Meta(max_length=64)] | None = None
    serial: Annotated[str, Meta(max_length=64)] | None = None
    issued: bool | None = None
    reader_id: Id | None = None
    session: Id | None = None
    location: Location | None = None
    hidden_code: Literal["matched"] | None = None
    """The reader gave the right code from under the scratch layer."""
    activation: Literal["not-reported", "spoiled", "lost"] | None = None
    """What the printing plant had said of the code, judged where the scan enters; absent where the
    code was active, or nobody knows."""


class ItemEvent(Event, frozen=True, kw_only=True, tag="item_event"):
    """One EPCIS 2.0 event, kept as its sender wrote it; ``custody`` reads it."""

    event: dict[str, Any]


class Position(Event, frozen=True, kw_only=True, tag="position"):
    """One GPS ping of a tracker; source is ``gnss``, level 0.68."""

    tracker_id: Id
    fixed_at: Time
    lon: Lon
    lat: Lat
    accuracy_m: AccuracyM
    crs: Crs = "wgs84"
    speed_mps: Annotated[float, Meta(ge=0, le=400)] | None = None
    temperature_c: Annotated[float, Meta(ge=-273.15, le=1000)] | None = None

    def __post_init__(self) -> None:
        refuse_null_island(self.lon, self.lat)


class Order(Event, frozen=True, kw_only=True, tag="order"):
    """What a dealer ordered."""

    order_id: Id
    dealer_id: Id
    gtin: Annotated[str, Meta(max_length=64)]
    quantity: Annotated[int, Meta(ge=0)]
    ordered_at: Time
    ship_to_gln: str | None = None


class Offer(Event, frozen=True, kw_only=True, tag="offer"):
    """A price seen for a product at a seller; ``amount`` is a decimal written as a string."""

    seen_at: Time
    gtin: Annotated[str, Meta(max_length=64)]
    seller: Id
    amount: Decimal
    currency: Currency
    dealer_id: Id | None = None
    url: Annotated[str, Meta(max_length=8192)] | None = None


class Tick(Event, frozen=True, kw_only=True, tag="tick"):
    """Time passed, and nothing else."""


AnyEvent = Scan | ItemEvent | Position | Order | Offer | Tick
