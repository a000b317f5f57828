"""The published checkpoint"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "evidence_checkpoint",
        sa.Column("log", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column(
            "key", sa.Text(), nullable=False, comment="the verifier key that it is signed under"
        ),
        sa.CheckConstraint("log = 1", name=op.f("ck_evidence_checkpoint_one")),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_evidence_checkpoint")),
        comment="The signed checkpoint that is published; no guard, since a backup restores it",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("evidence_checkpoint")
