"""The registry: what the brand knew, one table a kind of row.

Every row keeps ``recorded_us``, when the system learned of it (NULL: before everything), and the
``revision`` of the registry that brought it, by which workers see that their copy is old.
Rows are added, never edited: a row that comes again with other content is a new version.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import JSON

from store.schema.metadata import metadata


def _row(name: str, *columns: Column[object], natural_key: str) -> Table:
    """A registry table: its columns, and what all of them have."""
    return Table(
        name,
        metadata,
        Column("row_id", Integer, primary_key=True, autoincrement=True),
        *columns,
        Column("recorded_us", BigInteger),
        Column("revision", Integer, nullable=False),
        Column("digest", Text, nullable=False, comment="SHA-256 of the row's canonical JSON"),
        UniqueConstraint("digest", name=f"uq_{name}_digest"),
        Index(f"ix_{name}_{natural_key}", natural_key),
    )


def _text(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


def _instant(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, BigInteger, nullable=nullable)


products = _row(
    "products",
    _text("gtin"),
    _text("name"),
    Column("case_size", Integer),
    Column("unit_value", JSON(none_as_null=True)),
    Column("floor_price", JSON(none_as_null=True)),
    Column("storage_c", JSON(none_as_null=True)),
    natural_key="gtin",
)
dealers = _row(
    "dealers",
    _text("dealer_id"),
    _text("gln"),
    _text("name"),
    _text("parent_id", nullable=True),
    _text("grade", nullable=True),
    natural_key="dealer_id",
)
territories = _row(
    "territories",
    _text("territory_id"),
    _text("name"),
    Column("version", Integer, nullable=False),
    _instant("valid_from"),
    Column("geometry", LargeBinary, nullable=False, comment="GeoJSON, WGS-84, as it was imported"),
    natural_key="territory_id",
)
authorisations = _row(
    "authorisations",
    _text("authorisation_id"),
    _text("dealer_id"),
    Column("gtins", JSON, nullable=False),
    Column("territory_ids", JSON, nullable=False),
    Column("exclusive", Boolean, nullable=False),
    Column("channels", JSON(none_as_null=True)),
    _instant("valid_from", nullable=False),
    _instant("valid_to"),
    natural_key="authorisation_id",
)
permits = _row(
    "permits",
    _text("permit_id"),
    _text("dealer_id"),
    Column("gtins", JSON, nullable=False),
    Column("territory_ids", JSON, nullable=False),
    _instant("valid_from", nullable=False),
    _instant("valid_to", nullable=False),
    Column("quantity", Integer),
    natural_key="permit_id",
)
sites = _row(
    "sites",
    _text("site_gln"),
    _text("dealer_id", nullable=True),
    _text("operator_gln", nullable=True),
    _text("role"),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    natural_key="site_gln",
)
shipments = _row(
    "shipments",
    _text("shipment_id"),
    Column("ssccs", JSON, nullable=False),
    _text("from_gln"),
    _text("to_gln"),
    _text("tracker_id", nullable=True),
    Column("route", JSON(none_as_null=True)),
    Column("corridor_m", Float),
    Column("stops", JSON(none_as_null=True)),
    _instant("depart_after"),
    _instant("arrive_before"),
    Column("storage_c", JSON(none_as_null=True)),
    natural_key="shipment_id",
)
jobs = _row(
    "jobs",
    _text("job"),
    _text("gtin"),
    Column("first_index", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    _text("key_id"),
    _instant("issued_at", nullable=False),
    Column("active_on_report", Boolean),
    natural_key="job",
)
links = _row(
    "links",
    _text("link_id"),
    Column("gtins", JSON, nullable=False),
    _text("link_type"),
    _text("href"),
    _text("title"),
    Column("hreflang", JSON(none_as_null=True)),
    _text("type", nullable=True),
    Column("withdrawn", Boolean, nullable=False),
    natural_key="link_id",
)
print_reports = _row(
    "print_reports",
    _text("report_id"),
    _text("job"),
    Column("first_index", BigInteger, nullable=False),
    Column("last_index", BigInteger, nullable=False),
    _text("outcome"),
    _text("plant", nullable=True),
    natural_key="report_id",
)
policies = _row(
    "policies",
    Column("policy", JSON, nullable=False),
    _instant("valid_from"),
    _text("why", nullable=True),
    natural_key="valid_from",
)
policy_proposals = Table(
    "policy_proposals",
    metadata,
    Column("proposal_id", Integer, primary_key=True, autoincrement=True),
    Column("policy", LargeBinary, nullable=False, comment="canonical JSON"),
    Column("valid_from", BigInteger),
    Column("why", Text),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_us", BigInteger, nullable=False),
    Column("enacted_by", Text),
    Column("enacted_us", BigInteger),
)
frames = Table(
    "frames",
    metadata,
    Column("frame_id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("own_glns", JSON, nullable=False),
    Column("policy", LargeBinary, nullable=False, comment="canonical JSON of the first policy"),
    Column("lateness_s", Float, nullable=False),
    Column("revision", Integer, nullable=False),
)
"""What frames the rows: the brand's own GLNs, the policy in force before any of ``policies``, the
lateness. The newest counts."""

registry_revisions = Table(
    "registry_revisions",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=True),
    Column("loaded_us", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
)
