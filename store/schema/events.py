"""Stored events: the truth of which all hot state is only a cached fold.

Times are microseconds since the epoch, UTC, so that both databases order them alike.
"""

from sqlalchemy import BigInteger, Column, Index, Table, Text

from store.schema.metadata import metadata

events = Table(
    "events",
    metadata,
    Column("identity", Text, primary_key=True, comment="kind:event_id"),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="item, tracker or product; empty for none"),
    Column("happened_us", BigInteger, nullable=False),
    Column("received_us", BigInteger, nullable=False),
    Column("raw", Text, nullable=False, comment="the event as it came, JSON"),
    Index("ix_events_subject", "subject", "kind", "happened_us"),
    Index("ix_events_received", "received_us", "identity"),
)

item_steps = Table(
    "item_steps",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("step", Text, nullable=False, comment="what custody needs of the event"),
    Column("event_type", Text),
    Column("action", Text),
    Column("biz_step", Text),
    Column("disposition", Text),
    Column("read_point", Text, comment="canonical URI"),
    Column("biz_location", Text, comment="canonical URI"),
    Column("happened_us", BigInteger),
    Column("received_us", BigInteger),
    Index("ix_item_steps_happened", "happened_us", "identity"),
    Index("ix_item_steps_received", "received_us", "identity"),
    Index("ix_item_steps_biz_step", "biz_step", "happened_us"),
    Index("ix_item_steps_biz_location", "biz_location", "happened_us"),
)
"""An item event without its lists: reading one item's custody must not read 10,000 siblings. The
columns besides ``step`` are what queries ask for."""

touches = Table(
    "touches",
    metadata,
    Column("epc", Text, primary_key=True),
    Column("identity", Text, primary_key=True),
    Column("role", Text, nullable=False, comment="see custody.step.Role"),
    Index("ix_touches_identity", "identity", "role"),
    sqlite_with_rowid=False,
)
"""Which EPCs an item event names, and as what. On SQLite the rows lie in the primary key itself, so
that each of the hundred things in a case that moves is found by one walk down one tree."""

lively = Table(
    "lively",
    metadata,
    Column("identity", Text, primary_key=True, comment="the event that packed it"),
    Column("epc", Text, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which of the things that an event put into a container have a history of their own."""

subject_versions = Table(
    "subject_versions",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""Raised whenever an event that bears on the subject is stored. What was judged at a lower version
yields to what was judged at a higher one; hot state of another version is folded again."""

event_erasures = Table(
    "event_erasures",
    metadata,
    Column("identity", Text, primary_key=True),
    Column("erased_us", BigInteger, nullable=False),
)
"""Scans whose place and session were erased. What was judged from them before stands."""

erasure_marks = Table(
    "erasure_marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("received_us", BigInteger, nullable=False, comment="all received before was looked at"),
)
