"""Where an installation keeps what it keeps: the embedded set's folder, or servers by settings."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine

from events.errors import TracewardenError
from store.engine import open_engine, sqlite_url
from tracewarden.settings import Settings


class ConfigurationError(TracewardenError):
    """A command that cannot run, since a setting is missing or wrong."""

    type = "configuration"


@dataclass(frozen=True)
class EmbeddedFolder:
    """Paths within the folder of an embedded set."""

    folder: Path

    @property
    def database(self) -> Path:
        """Everything that counts."""
        return self.folder / "tracewarden.sqlite"

    @property
    def queue(self) -> Path:
        """The bus."""
        return self.folder / "queue.sqlite"

    @property
    def state(self) -> Path:
        """The hot state, which may be deleted at any time."""
        return self.folder / "state.sqlite"

    @property
    def keys(self) -> Path:
        """The key ring."""
        return self.folder / "keys"

    @property
    def private(self) -> Path:
        """Key and last signature of the evidence log: beside the folder, so that a restored folder
        does not restore its own guard."""
        folder = self.folder.absolute()
        return folder.with_name(f"{folder.name}.private")

    @property
    def secret(self) -> Path:
        """What signs visits and sessions."""
        return self.folder / "secret.key"

    @property
    def login(self) -> Path:
        """The first administrator's password, made at the first start."""
        return self.folder / "console-login.txt"


def database_url(data: Path | None, settings: Settings) -> str:
    """The database of ``--data``, or else of the settings.

    Raises:
        ConfigurationError: neither says where.
    """
    folder = data or settings.data
    if folder is not None:
        if folder.exists() and not folder.is_dir():
            raise ConfigurationError(f"{folder} is no folder", field="--data")
        folder.mkdir(parents=True, exist_ok=True)
        return sqlite_url(EmbeddedFolder(folder).database)
    if settings.database_url:
        return settings.database_url
    raise ConfigurationError("name a folder by --data, or TRACEWARDEN_DATABASE_URL", field="--data")


def evidence_folder(data: Path | None, settings: Settings) -> Path:
    """The private folder of the service's evidence log.

    Raises:
        ConfigurationError: no setting says where.
    """
    folder = data or settings.data
    if settings.evidence_folder is not None:
        return settings.evidence_folder
    if folder is not None:
        return EmbeddedFolder(folder).private
    if settings.key_folder is not None:
        return settings.key_folder / "evidence"
    variable = "TRACEWARDEN_EVIDENCE_FOLDER"
    raise ConfigurationError(f"{variable} is not set", field=variable)


def evidence_origin(settings: Settings) -> str:
    """The name that the evidence log gets with its key: C2SP asks for a URL without its scheme."""
    host = urlsplit(settings.public_url).netloc
    return settings.evidence_origin or f"{host}/log"


def open_database(data: Path | None, settings: Settings | None = None) -> Engine:
    """The database, migrated: an embedded set's at every opening, a server's by ``migrate``."""
    settings = settings or Settings()
    url = database_url(data, settings)
    engine = open_engine(url)
    if url.startswith("sqlite"):
        from store.evidence_fence import guard_by  # slow to import, like migrations
        from store.evidence_guard import Guard
        from store.migrations import migrate

        migrate(engine)
        with suppress(ConfigurationError):  # A database of tests, which no service signs.
            guard_by(engine, Guard(evidence_folder(data, settings)))
    return engine
