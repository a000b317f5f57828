"""Touches in their primary key"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply: on SQLite the table is built anew, without row ids."""
    _rebuild(with_rowid=False)


def downgrade() -> None:
    """Take back."""
    _rebuild(with_rowid=True)


def _rebuild(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("touches", "touches_before")
    op.drop_index("ix_touches_identity", "touches_before")
    op.create_table(
        "touches",
        sa.Column("epc", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="see custody.step.Role"),
        sa.PrimaryKeyConstraint("epc", "identity", name=op.f("pk_touches")),
        sqlite_with_rowid=with_rowid,
    )
    # In the order of the key, so that the new table is written from one end to the other.
    op.execute("INSERT INTO touches SELECT epc, identity, role FROM touches_before ORDER BY 1, 2")
    op.drop_table("touches_before")
    op.create_index("ix_touches_identity", "touches", ["identity", "role"])
