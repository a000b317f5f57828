"""Print reports of plants, and jobs whose codes wait for them.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this revision."""
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("active_on_report", sa.Boolean(), nullable=True))
    op.create_table(
        "print_reports",
        sa.Column("row_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("first_index", sa.BigInteger(), nullable=False),
        sa.Column("last_index", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("plant", sa.Text(), nullable=True),
        sa.Column("recorded_us", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "digest", sa.Text(), nullable=False, comment="SHA-256 of the row's canonical JSON"
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_print_reports")),
        sa.UniqueConstraint("digest", name="uq_print_reports_digest"),
    )
    with op.batch_alter_table("print_reports", schema=None) as batch_op:
        batch_op.create_index("ix_print_reports_report_id", ["report_id"], unique=False)


def downgrade() -> None:
    """Undo this revision."""
    with op.batch_alter_table("print_reports", schema=None) as batch_op:
        batch_op.drop_index("ix_print_reports_report_id")
    op.drop_table("print_reports")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_column("active_on_report")
