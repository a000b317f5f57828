"""API keys of partners: only a hash of each secret is kept."""

from sqlalchemy import BigInteger, Column, Table, Text
from sqlalchemy.types import JSON

from store.schema.metadata import metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True, comment="the public part of the key"),
    Column("name", Text, nullable=False, comment="whose key it is, for people"),
    Column("secret_sha256", Text, nullable=False, comment="hex; the secret has 256 random bits"),
    Column("scopes", JSON, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("expires_us", BigInteger),
    Column("revoked_us", BigInteger),
)
