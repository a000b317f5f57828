"""Capture jobs of EPCIS: what became of each document that was captured."""

from sqlalchemy import BigInteger, Column, Index, Table, Text
from sqlalchemy.types import JSON

from store.schema.metadata import metadata

capture_jobs = Table(
    "capture_jobs",
    metadata,
    Column("capture_id", Text, primary_key=True),
    Column("key_id", Text, nullable=False, comment="whose job it is"),
    Column("created_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger, nullable=False),
    Column("behaviour", Text, nullable=False, comment="rollback or proceed"),
    Column("captured", BigInteger, nullable=False, comment="events on the bus"),
    Column("errors", JSON, nullable=False, comment="problems of single events"),
    Index("ix_capture_jobs_key", "key_id", "created_us"),
)
