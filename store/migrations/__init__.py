"""Alembic migrations, run on SQLite and PostgreSQL alike."""

from sqlalchemy import Engine

from store.schema import metadata


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema."""
    metadata.create_all(engine)
