"""Lively contents"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply, and find what is lively among what is stored."""
    op.create_table(
        "lively",
        sa.Column("identity", sa.Text(), nullable=False, comment="the event that packed it"),
        sa.Column("epc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("identity", "epc", name=op.f("pk_lively")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO lively (identity, epc) SELECT c.identity, c.epc FROM touches c"
        " WHERE c.role = 'child' AND ("
        "EXISTS (SELECT 1 FROM events e WHERE e.subject = c.epc AND e.kind = 'scan')"
        " OR EXISTS (SELECT 1 FROM touches o WHERE o.epc = c.epc AND o.identity <> c.identity))"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("lively")
