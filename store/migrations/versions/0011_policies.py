"""Versions of the policy"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "policies",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("recorded_us", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 of the row's canonical JSON"
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_policies")),
        sa.UniqueConstraint("digest", name="uq_policies_digest"),
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index("ix_policies_valid_from", ["valid_from"], unique=False)

    op.create_table(
        "policy_proposals",
        sa.Column("proposal_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("policy", sa.LargeBinary(), nullable=False, comment="canonical JSON"),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_us", sa.BigInteger(), nullable=False),
        sa.Column("enacted_by", sa.Text(), nullable=True),
        sa.Column("enacted_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_policy_proposals")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("policy_proposals")
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_index("ix_policies_valid_from")

    op.drop_table("policies")
