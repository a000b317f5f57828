"""Commitments to stored events, and their erasure"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "evidence_sources",
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column(
            "identity", sa.Text(), nullable=False, comment="the stored event that it commits to"
        ),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_evidence_sources")),
        comment="Salts of the commitments to stored events, until those are erased",
    )
    with op.batch_alter_table("evidence_sources", schema=None) as batch_op:
        batch_op.create_index("ix_evidence_sources_identity", ["identity"], unique=False)
    op.create_table(
        "event_erasures",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("erased_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_event_erasures")),
    )
    op.create_table(
        "erasure_marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "received_us",
            sa.BigInteger(),
            nullable=False,
            comment="all received before was looked at",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_erasure_marks")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("erasure_marks")
    op.drop_table("event_erasures")
    with op.batch_alter_table("evidence_sources", schema=None) as batch_op:
        batch_op.drop_index("ix_evidence_sources_identity")
    op.drop_table("evidence_sources")
