"""What judging gave: the writer's tables. One transaction writes them and the evidence log."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text

from store.schema.metadata import metadata

judged_units = Table(
    "judged_units",
    metadata,
    Column("unit", Text, primary_key=True, comment="subject and the identity of the event judged"),
    Column("revision", BigInteger, nullable=False),
)
"""The newest revision of each unit that the writer has taken: what is older changes nothing."""

signals = Table(
    "signals",
    metadata,
    Column("signal_id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("occurred_us", BigInteger, nullable=False),
    Column("alert_id", Text, nullable=False, server_default=""),
    Column("holds", Boolean, nullable=False, comment="false once withdrawn"),
    Column("evidence_seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the signal, canonical JSON"),
    Index("ix_signals_unit", "unit"),
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
    Column("body", LargeBinary, nullable=False, comment="the alert, canonical JSON"),
    Index("ix_alerts_subject", "rule", "subject_id"),
    Index("ix_alerts_last", "last_us"),
)

writer_state = Table(
    "writer_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("epoch", Integer, nullable=False, comment="raised by each writer that starts"),
    Column("last_change", BigInteger, nullable=False),
)
"""The fence: a commit by a writer whose epoch is not the newest fails."""
