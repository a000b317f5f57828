"""The second stage: judgements in the order in which gathering takes them, and how far it is."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from store.schema.metadata import metadata

BY_BYTES = Text().with_variant(Text(collation="C"), "postgresql")
"""Text whose order is that of its UTF-8 bytes on both databases, as in Python."""

judgements = Table(
    "judgements",
    metadata,
    Column("subject", BY_BYTES, primary_key=True),
    Column("identity", BY_BYTES, primary_key=True, comment="the event judged"),
    Column("known_us", BigInteger, primary_key=True),
    Column("unit_us", BigInteger, nullable=False, comment="its time of happening"),
    Column("revision", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="msgpack of cases.judgement.Judgement"),
    Index("ix_judgements_order", "known_us", "identity", "subject"),
)
"""What holds, by subject and event, for gathering to take in order of (known, identity)."""

gathering = Table(
    "gathering",
    metadata,
    Column("one", Integer, primary_key=True, comment="always 1"),
    Column("known_us", BigInteger, nullable=False, comment="gathered up to and including this"),
    Column("identity", BY_BYTES, nullable=False),
    Column("subject", BY_BYTES, nullable=False),
    Column("dirty_us", BigInteger, comment="what was known from here on has changed since"),
    Column("revision", BigInteger, nullable=False),
)

gathering_snapshots = Table(
    "gathering_snapshots",
    metadata,
    Column("known_us", BigInteger, primary_key=True),
    Column("identity", BY_BYTES, nullable=False),
    Column("subject", BY_BYTES, nullable=False),
    Column("policy_hash", Text, nullable=False),
    Column("state", LargeBinary, nullable=False, comment="msgpack of cases.gather.Gathering"),
)
"""The state at the end of a day: where to begin again when something after it changes."""

case_alerts = Table(
    "case_alerts",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("subject_type", Text, primary_key=True),
    Column("subject_id", Text, primary_key=True),
    Index("ix_case_alerts_subject", "rule", "subject_id"),
)
"""Which alerts belong to a case that judging made: an alert may be replaced, its key stays."""
