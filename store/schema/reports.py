"""What consumers report of an item, with their consent and maybe a photo."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text

from store.schema.metadata import metadata

consumer_reports = Table(
    "consumer_reports",
    metadata,
    Column("receipt", Text, primary_key=True, comment="the number that the reporter was given"),
    Column("uri", Text, nullable=False, comment="the code as it was read"),
    Column("subject", Text, nullable=False, comment="the item's URI on id.gs1.org"),
    Column("written_us", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("bought_at", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("consent_text", Text, nullable=False, comment="the words that were agreed to"),
    Index("ix_consumer_reports_subject", "subject"),
    Index("ix_consumer_reports_written", "written_us"),
)

report_photos = Table(
    "report_photos",
    metadata,
    Column(
        "receipt",
        Text,
        ForeignKey("consumer_reports.receipt", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("media_type", Text, nullable=False),
    Column("image", LargeBinary, nullable=False, comment="encoded again, without its metadata"),
)
