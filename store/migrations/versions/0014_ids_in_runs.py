"""Ids of evidence entries in runs, instead of an index of rows"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UNIQUE = "uq_evidence_entries_id_hash"


def upgrade() -> None:
    """Apply: the next append writes the runs."""
    op.create_table(
        "evidence_ids",
        sa.Column("bucket", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("run", _count(), autoincrement=False, nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "run", name=op.f("pk_evidence_ids")),
        comment="Where ids stand, by the first byte of their hash and by 8192 entries",
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        _copy_entries()
    else:
        op.drop_constraint(_UNIQUE, "evidence_entries", type_="unique")


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "sqlite":
        _copy_entries(sa.UniqueConstraint("id_hash", name=op.f(_UNIQUE)))
    else:
        op.create_unique_constraint(_UNIQUE, "evidence_entries", ["id_hash"])
    op.drop_table("evidence_ids")


def _copy_entries(*constraints: sa.UniqueConstraint) -> None:
    """SQLite can neither add nor drop a constraint: the table is built anew, in its order."""
    op.rename_table("evidence_entries", "evidence_entries_before")
    op.create_table(
        "evidence_entries",
        sa.Column("seq", _count(), autoincrement=False, nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_evidence_entries")),
        *constraints,
    )
    columns = "seq, id_hash, leaf_hash, data"
    op.execute(
        f"INSERT INTO evidence_entries ({columns}) "
        f"SELECT {columns} FROM evidence_entries_before ORDER BY seq"
    )
    op.drop_table("evidence_entries_before")


def _count() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
