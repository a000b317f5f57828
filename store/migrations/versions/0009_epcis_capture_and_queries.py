"""EPCIS: capture jobs, and item events that can be queried"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_COLUMNS: dict[str, tuple[Any, str | None, int | None]] = {
    "event_type": (sa.Text(), None, 3),
    "action": (sa.Text(), None, 4),
    "biz_step": (sa.Text(), None, 5),
    "disposition": (sa.Text(), None, 6),
    "read_point": (sa.Text(), "canonical URI", None),
    "biz_location": (sa.Text(), "canonical URI", None),
    "happened_us": (sa.BigInteger(), None, 1),
    "received_us": (sa.BigInteger(), None, 2),
}
"""Name → type, comment, and where the step that is stored already has the value."""
_INDICES = {
    "ix_item_steps_happened": ["happened_us", "identity"],
    "ix_item_steps_received": ["received_us", "identity"],
    "ix_item_steps_biz_step": ["biz_step", "happened_us"],
    "ix_item_steps_biz_location": ["biz_location", "happened_us"],
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "capture_jobs",
        sa.Column("capture_id", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False, comment="whose job it is"),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("finished_us", sa.BigInteger(), nullable=False),
        sa.Column("behaviour", sa.Text(), nullable=False, comment="rollback or proceed"),
        sa.Column("captured", sa.BigInteger(), nullable=False, comment="events on the bus"),
        sa.Column("errors", sa.JSON(), nullable=False, comment="problems of single events"),
        sa.PrimaryKeyConstraint("capture_id", name=op.f("pk_capture_jobs")),
    )
    with op.batch_alter_table("capture_jobs", schema=None) as batch_op:
        batch_op.create_index("ix_capture_jobs_key", ["key_id", "created_us"], unique=False)
    with op.batch_alter_table("item_steps", schema=None) as batch_op:
        for name, (kind, comment, _) in _COLUMNS.items():
            batch_op.add_column(sa.Column(name, kind, nullable=True, comment=comment))
        for name, columns in _INDICES.items():
            batch_op.create_index(name, columns, unique=False)
    _fill()


def _fill() -> None:
    """Write into the new columns what the steps say that are stored already."""
    connection = op.get_bind()
    places = {name: place for name, (_, _, place) in _COLUMNS.items() if place is not None}
    assignments = ", ".join(f"{name} = :{name}" for name in places)
    statement = sa.text(f"UPDATE item_steps SET {assignments} WHERE identity = :identity")
    after = ""
    while True:
        rows = connection.execute(
            sa.text("SELECT identity, step FROM item_steps WHERE identity > :after "
                    "ORDER BY identity LIMIT 1000"),
            {"after": after},
        ).all()
        if not rows:
            return
        steps = [(identity, json.loads(step)) for identity, step in rows]
        connection.execute(
            statement,
            [
                {"identity": identity, **{name: step[place] for name, place in places.items()}}
                for identity, step in steps
            ],
        )
        after = rows[-1][0]


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("item_steps", schema=None) as batch_op:
        for name in _INDICES:
            batch_op.drop_index(name)
        for name in _COLUMNS:
            batch_op.drop_column(name)
    op.drop_table("capture_jobs")
