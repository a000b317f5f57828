"""What the brand knew: one frozen struct a row of a recording's ``registry/`` folder.

``recorded_at`` is when the system learned of the row; absent means before everything
(INTERFACES, 'A recording'). Intervals are ``[valid_from, valid_to)``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from events.model import Id, Lat, Lon

Time = Annotated[datetime, Meta(tz=True)]
Gtin = Annotated[str, Meta(pattern=r"^\d{14}$")]
Gln = Annotated[str, Meta(pattern=r"^\d{13}$")]
Channel = Literal["offline", "online", "group-buying"]
ALL: Literal["all"] = "all"
LanguageTag = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
"""Those BCP 47 tags that GS1's schema of linksets takes."""
MediaType = Annotated[str, Meta(pattern=r"^[a-z]+/[A-Za-z0-9.+-]{1,100}$")]


class Money(Struct, frozen=True, kw_only=True):
    """A decimal amount, written as a string, in an ISO 4217 currency."""

    amount: Annotated[str, Meta(pattern=r"^\d{1,18}(\.\d{1,8})?$")]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


class TemperatureRange(Struct, frozen=True, kw_only=True):
    """Where goods must be kept, in degrees Celsius, both ends included."""

    min: float
    max: float


class Product(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A trade item by its GTIN-14."""

    gtin: Gtin
    name: str
    case_size: Annotated[int, Meta(ge=1)] | None = None
    unit_value: Money | None = None
    floor_price: Money | None = None
    storage_c: TemperatureRange | None = None
    recorded_at: Time | None = None


class Dealer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party that may sell; a sub-dealer names its parent."""

    dealer_id: Id
    gln: Gln
    name: str
    parent_id: Id | None = None
    grade: str | None = None
    recorded_at: Time | None = None


class Territory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A version of a named area; ``geometry`` is a GeoJSON (Multi)Polygon on WGS-84."""

    territory_id: Id
    name: str
    version: int
    geometry: Mapping[str, Any]
    valid_from: Time | None = None
    recorded_at: Time | None = None


class Authorisation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which dealer may sell which products in which territories, from when until when."""

    authorisation_id: Id
    dealer_id: Id
    gtins: list[Gtin] | Literal["all"]
    territory_ids: list[Id]
    exclusive: bool
    valid_from: Time
    valid_to: Time | None = None
    channels: list[Channel] | None = None
    recorded_at: Time | None = None


class Permit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time-bound exemption: a cross-area sale reported beforehand."""

    permit_id: Id
    dealer_id: Id
    gtins: list[Gtin] | Literal["all"]
    territory_ids: list[Id]
    valid_from: Time
    valid_to: Time
    quantity: Annotated[int, Meta(ge=0)] | None = None
    recorded_at: Time | None = None


class Site(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place with a GLN and who works there."""

    site_gln: Gln
    role: Literal["warehouse", "outlet", "3pl", "transit"]
    lon: Lon
    lat: Lat
    dealer_id: Id | None = None
    operator_gln: Gln | None = None
    recorded_at: Time | None = None


class Stop(Struct, frozen=True, kw_only=True):
    """A planned stop: a circle on WGS-84."""

    lon: Lon
    lat: Lat
    radius_m: Annotated[float, Meta(ge=0)]


class Shipment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Logistic units on their planned way from one party to another."""

    shipment_id: Id
    ssccs: list[str]
    from_gln: Gln
    to_gln: Gln
    tracker_id: Id | None = None
    route: list[tuple[Lon, Lat]] | None = None
    corridor_m: Annotated[float, Meta(ge=0)] | None = None
    stops: list[Stop] | None = None
    depart_after: Time | None = None
    arrive_before: Time | None = None
    storage_c: TemperatureRange | None = None
    recorded_at: Time | None = None


class IssuingJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Serials issued for a product: indices ``first_index`` up to ``first_index + count``.

    With ``active_on_report`` a code is active only once a print report says that it was printed.
    """

    job: Id
    gtin: Gtin
    first_index: Annotated[int, Meta(ge=0)]
    count: Annotated[int, Meta(ge=1)]
    key_id: str
    issued_at: Time
    active_on_report: bool | None = None
    recorded_at: Time | None = None


class PrintReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A range of a job's indices, both ends included, as a printing plant reported it.

    A report's ranges share its ``report_id``; of two that name one index the later counts.
    """

    report_id: Id
    job: Id
    first_index: Annotated[int, Meta(ge=0)]
    last_index: Annotated[int, Meta(ge=0)]
    outcome: Literal["printed", "spoiled", "lost"]
    plant: str | None = None
    recorded_at: Time | None = None


class Link(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a product's code also leads (GS1-Conformant Resolver, 2.5); a newer row of one
    ``link_id`` replaces the older, and ``withdrawn`` ends it. ``hreflang`` are BCP 47 tags."""

    link_id: Id
    gtins: list[Gtin] | Literal["all"]
    link_type: Annotated[str, Meta(pattern=r"^(gs1:[A-Za-z][A-Za-z0-9]{0,63}|https?://\S{1,500})$")]
    href: Annotated[str, Meta(pattern=r"^https?://[!-~]{1,2000}$")]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    hreflang: list[LanguageTag] | None = None
    type: MediaType | None = None
    withdrawn: bool = False
    recorded_at: Time | None = None


class Head(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``recording.json``: the frame of a recording."""

    format: Literal["tracewarden-recording/1"]
    name: str
    from_: Time = field(name="from")
    to: Time
    lateness_s: Annotated[float, Meta(ge=0)]
    territories_crs: Literal["wgs84", "gcj02", "bd09"] = "wgs84"
    own_glns: list[Gln] = []


AnyRow = (
    Product
    | Dealer
    | Territory
    | Authorisation
    | Permit
    | Site
    | Shipment
    | IssuingJob
    | Link
    | PrintReport
)
