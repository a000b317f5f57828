"""Uses of hidden codes, and wrong tries"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "hidden_code_items",
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="a keyed hash of the item"),
        sa.Column("wrong", sa.Integer(), nullable=False, comment="wrong tries, ever"),
        sa.Column(
            "first_us",
            sa.BigInteger(),
            nullable=True,
            comment="when the right code was first given",
        ),
        sa.Column("first_visit", sa.Text(), nullable=True, comment="the visit that gave it"),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_hidden_code_items")),
    )
    op.create_table(
        "hidden_code_sources",
        sa.Column(
            "source", sa.Text(), nullable=False, comment="a keyed hash of the network address"
        ),
        sa.Column("wrong", sa.Integer(), nullable=False, comment="wrong tries within the window"),
        sa.Column("since_us", sa.BigInteger(), nullable=False, comment="when the window began"),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_hidden_code_sources")),
    )
    op.create_index(
        "ix_hidden_code_sources_since", "hidden_code_sources", ["since_us"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_hidden_code_sources_since", table_name="hidden_code_sources")
    op.drop_table("hidden_code_sources")
    op.drop_table("hidden_code_items")
