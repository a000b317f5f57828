"""Uses of hidden codes and wrong tries, without a code, an item or an address in the clear."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from store.schema.metadata import metadata

hidden_code_items = Table(
    "hidden_code_items",
    metadata,
    Column("fingerprint", Text, primary_key=True, comment="a keyed hash of the item"),
    Column("wrong", Integer, nullable=False, comment="wrong tries, ever"),
    Column("first_us", BigInteger, comment="when the right code was first given"),
    Column("first_visit", Text, comment="the visit that gave it"),
)

hidden_code_sources = Table(
    "hidden_code_sources",
    metadata,
    Column("source", Text, primary_key=True, comment="a keyed hash of the network address"),
    Column("wrong", Integer, nullable=False, comment="wrong tries within the window"),
    Column("since_us", BigInteger, nullable=False, comment="when the window began"),
    Index("ix_hidden_code_sources_since", "since_us"),
)
