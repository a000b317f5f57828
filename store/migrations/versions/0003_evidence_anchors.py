"""Anchors of the evidence log"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "evidence_anchors",
        sa.Column(
            "size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False, comment="the file that it is in a bundle"),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="as it came from outside"),
        sa.PrimaryKeyConstraint("size", "name", name=op.f("pk_evidence_anchors")),
        comment="Cosigned checkpoints and their RFC 3161 timestamps; entries hold their hashes",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("evidence_anchors")
