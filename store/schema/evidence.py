"""Tables of the evidence log: entries as stored bytes, the tree's inner hashes, and its head."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)

from store.schema.metadata import metadata

_Count = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits everywhere; in SQLite an INTEGER key is the row's own address."""

evidence_entries = Table(
    "evidence_entries",
    metadata,
    Column("seq", _Count, primary_key=True, autoincrement=False),
    # SHA-256 of the id: of one length, and free of what a text column cannot hold. That it stands
    # once is seen to under the lock of the head's row, by ``store.evidence_ids``.
    Column("id_hash", LargeBinary, nullable=True),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    comment="Evidence entries, byte for byte as they were hashed",
)

evidence_ids = Table(
    "evidence_ids",
    metadata,
    Column("bucket", SmallInteger, primary_key=True, autoincrement=False),
    Column("run", _Count, primary_key=True, autoincrement=False),
    Column("records", LargeBinary, nullable=False),
    comment="Where ids stand, by the first byte of their hash and by 8192 entries",
    sqlite_with_rowid=False,
)

# At level 0 stand roots of 16 leaves, see ``evidence.tree.TileNode``; a log of before has none.
evidence_nodes = Table(
    "evidence_nodes",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", _Count, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    comment="Roots of full tiles: hash `position` of tile level `level` (1 and above)",
    sqlite_with_rowid=False,
)

evidence_head = Table(
    "evidence_head",
    metadata,
    Column(
        "log",
        SmallInteger,
        CheckConstraint("log = 1", name="one"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("epoch", _Count, nullable=False),
    Column("size", _Count, nullable=False),
    Column("last_leaf", LargeBinary, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    comment="The one row that says where the log ends",
)

evidence_openings = Table(
    "evidence_openings",
    metadata,
    Column("commitment", LargeBinary, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    comment="Salts and values behind the commitments of entries, until they are erased",
)

evidence_sources = Table(
    "evidence_sources",
    metadata,
    Column("commitment", LargeBinary, primary_key=True),
    Column("identity", Text, nullable=False, comment="the stored event that it commits to"),
    Column("salt", LargeBinary, nullable=False),
    Index("ix_evidence_sources_identity", "identity"),
    comment="Salts of the commitments to stored events, until those are erased",
)

evidence_anchors = Table(
    "evidence_anchors",
    metadata,
    Column("size", _Count, primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True, comment="the file that it is in a bundle"),
    Column("data", LargeBinary, nullable=False, comment="as it came from outside"),
    comment="Cosigned checkpoints and their RFC 3161 timestamps; entries hold their hashes",
)

evidence_checkpoint = Table(
    "evidence_checkpoint",
    metadata,
    Column(
        "log",
        SmallInteger,
        CheckConstraint("log = 1", name="one"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("size", _Count, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("key", Text, nullable=False, comment="the verifier key that it is signed under"),
    comment="The signed checkpoint that is published; no guard, since a backup restores it",
)

evidence_tables = (
    evidence_entries, evidence_ids, evidence_nodes, evidence_head, evidence_openings,
    evidence_anchors,
)  # fmt: skip
"""What a log of its own in a folder needs; a service publishes ``evidence_checkpoint`` as well."""
