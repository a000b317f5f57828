"""Links that a brand configures per product"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "links",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("link_id", sa.Text(), nullable=False),
        sa.Column("gtins", sa.JSON(), nullable=False),
        sa.Column("link_type", sa.Text(), nullable=False),
        sa.Column("href", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("hreflang", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("recorded_us", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 of the row's canonical JSON"
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_links")),
        sa.UniqueConstraint("digest", name="uq_links_digest"),
    )
    op.create_index("ix_links_link_id", "links", ["link_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_links_link_id", table_name="links")
    op.drop_table("links")
