"""Events that are durable here and on their way to the bus: no scan waits for a broker."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from store.schema.metadata import metadata

outbox = Table(
    "outbox",
    metadata,
    Column("identity", Text, primary_key=True, comment="kind:event_id"),
    Column("topic", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="the partition key, an item's URI for scans"),
    Column("raw", LargeBinary, nullable=False, comment="the event, JSON"),
    Column("written_us", BigInteger, nullable=False),
    Column("published_us", BigInteger, comment="NULL until the bus has acknowledged"),
    Index("ix_outbox_waiting", "published_us", "written_us"),
    Index("ix_outbox_subject", "subject"),
)
"""A published row stays for a while, since the events table learns of the event a little later."""
