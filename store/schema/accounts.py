"""People who use the console, and their sessions."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text

from store.schema.metadata import metadata

console_users = Table(
    "console_users",
    metadata,
    Column("user_name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False, comment="argon2id, with its parameters"),
    Column("created_us", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("role", Text, nullable=False, server_default="administrator", comment="see cases.roles"),
    Column("dealer_id", Text, comment="of a user whose role is dealer: whose questions they see"),
)

console_sessions = Table(
    "console_sessions",
    metadata,
    Column("token_sha256", Text, primary_key=True, comment="hex; the cookie holds the token"),
    Column("user_name", Text, ForeignKey("console_users.user_name"), nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
    Index("ix_console_sessions_expires", "expires_us"),
)
