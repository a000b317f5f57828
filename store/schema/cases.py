"""Cases as judging gives them, the steps that people take on them, and the files that belong."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
)

from store.schema.metadata import metadata

cases = Table(
    "cases",
    metadata,
    Column("case_id", Text, primary_key=True),
    Column("change", BigInteger, nullable=False, unique=True, comment="raised at every change"),
    Column("holds", Boolean, nullable=False, comment="false once judging no longer says so"),
    Column("made_by_hand", Boolean, nullable=False, comment="split off another case"),
    Column("kind", Text, nullable=False),
    Column("tier", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("dealer_id", Text),
    Column("territory_id", Text),
    Column("opened_us", BigInteger, nullable=False),
    Column("alerts", Integer, nullable=False, comment="how many it has"),
    Column("exposure", Numeric(20, 2), comment="money; NULL: not known"),
    Column("evidence_seq", BigInteger, comment="the entry of its last change of substance"),
    Column("changed_us", BigInteger, comment="the judgement that changed it last: known at,"),
    Column("changed_by", Text, comment="then its identity; NULL where people made the case"),
    Column("body", LargeBinary, nullable=False, comment="the case's published form"),
    Index("ix_cases_opened", "opened_us"),
    Index("ix_cases_dealer", "dealer_id"),
)

case_steps = Table(
    "case_steps",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="from 0, without gaps"),
    Column("at_us", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("step", LargeBinary, nullable=False, comment="see cases.steps"),
    Column("evidence_seq", BigInteger, nullable=False, comment="its entry, written with it"),
)

case_standings = Table(
    "case_standings",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("state", Text, nullable=False),
    Column("assignee", Text),
    Column("silent_until_us", BigInteger),
    Column("archived_at_alerts", Integer),
    Column("steps", Integer, nullable=False),
    Index("ix_case_standings_state", "state"),
)
"""What the list is narrowed and sorted by: the fold of ``case_steps``, kept with every step."""

case_questions = Table(
    "case_questions",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="the step that asked"),
    Column("dealer_id", Text, nullable=False),
    Column("due_us", BigInteger, nullable=False),
    Column("answered_us", BigInteger),
    Index("ix_case_questions_dealer", "dealer_id"),
)

case_files = Table(
    "case_files",
    metadata,
    Column("case_id", Text, ForeignKey("cases.case_id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("added_us", BigInteger, nullable=False),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("user_name", Text, ForeignKey("console_users.user_name"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("query", Text, nullable=False, comment="the list's address without its path"),
    Column("saved_us", BigInteger, nullable=False),
)
