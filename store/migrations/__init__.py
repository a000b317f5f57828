"""Alembic migrations, run on SQLite and PostgreSQL alike."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

HERE = Path(__file__).parent
_LOCK = 0x54524143
"""Two processes that migrate at once wait for each other."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema, in one transaction."""
    if is_current(engine):
        return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(connection), "head")


def is_current(engine: Engine) -> bool:
    """Whether the schema is the newest."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with engine.connect().execution_options(reads_only=True) as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
