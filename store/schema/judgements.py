"""What judging gave: the writer's tables. One transaction writes them and the evidence log."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, LargeBinary, Table, Text
from sqlalchemy.types import JSON

from store.schema.metadata import metadata

judged_subjects = Table(
    "judged_subjects",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("floors", JSON, nullable=False, comment="see judging.revisions"),
)
"""Which revisions of each subject the writer has taken, so that what is older changes nothing."""

signals = Table(
    "signals",
    metadata,
    Column("signal_id", Text, primary_key=True),
    Column("subject", Text, nullable=False, comment="the subject that was folded"),
    Column("unit_us", BigInteger, nullable=False, comment="order of the event judged: its time,"),
    Column("unit_identity", Text, nullable=False, comment="then its identity"),
    Column("revision", BigInteger, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("occurred_us", BigInteger, nullable=False),
    Column("holds", Boolean, nullable=False, comment="false once withdrawn"),
    Column("evidence_seq", BigInteger, nullable=False),
    Column("stored", LargeBinary, nullable=False, comment="the signal with its input identities"),
    Column("body", LargeBinary, nullable=False, comment="the signal's published form"),
    Index("ix_signals_unit", "subject", "unit_us"),
    Index("ix_signals_subject", "rule", "subject_id"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("change", BigInteger, nullable=False, unique=True, comment="raised at every change"),
    Column("holds", Boolean, nullable=False, comment="false once replaced or withdrawn"),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("dealer_id", Text),
    Column("territory_id", Text),
    Column("first_us", BigInteger, nullable=False),
    Column("last_us", BigInteger, nullable=False),
    Column("strength", Float, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the alert's published form"),
    Index("ix_alerts_subject", "rule", "subject_id"),
    Index("ix_alerts_last", "last_us"),
)
