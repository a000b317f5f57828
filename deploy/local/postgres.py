"""PostgreSQL as a local process, with a password and with fsync on, as in production."""

import os
import pwd
import secrets
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg

from deploy.local import packages
from deploy.local.service import LocalService, ServiceError, free_port

ROLE = "tracewarden"


class PostgresService(LocalService):
    """A PostgreSQL on a free loopback port.

    The server refuses to run as root; for root it runs as ``postgres``, whom Debian's package adds,
    and ``folder`` must be one that this account can reach.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions instead of waiting for them

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.port = free_port()

    @property
    def url(self) -> str:
        """The maintenance database, as SQLAlchemy names it; use ``create_database`` for work."""
        return self._url("postgres")

    @property
    def password(self) -> str:
        """The password of the role ``tracewarden``, made with the data folder."""
        return (self.folder / "password.txt").read_text().strip()

    def create_database(self, name: str | None = None) -> str:
        """Create a fresh, empty database (of a random name where none is given); its URL."""
        name = name or f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self._plain_url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Drop a database that ``create_database`` made, ending its sessions."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self._plain_url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def kill(self) -> None:
        """End the server and every process of its sessions by SIGKILL, as a power cut would."""
        sessions = _children(self.pid) if self.is_running else []
        super().kill()
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _plain_url(self, database: str) -> str:
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _url(self, database: str) -> str:
        return self._plain_url(database).replace("postgresql://", "postgresql+psycopg://", 1)

    def _prepare(self) -> None:
        postgres = packages.require(packages.POSTGRES)
        if os.geteuid() == 0:
            self.user = "postgres"
        if (self.data / "PG_VERSION").exists():
            return
        password_file = self.folder / "password.txt"
        if not password_file.exists():
            password_file.touch(mode=0o600)
            password_file.write_text(secrets.token_hex(16))
        self._give_to_the_server(password_file)
        done = subprocess.run(
            [
                str(postgres.parent / "initdb"), "--pgdata", str(self.data), "--username", ROLE,
                "--pwfile", str(password_file), "--auth", "scram-sha-256",
                "--encoding", "UTF8", "--locale", "C",
            ],
            cwd=self.folder, user=self.user, group=self.user,
            extra_groups=[] if self.user else None, capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            raise ServiceError(f"initdb failed: {done.stderr.strip()}")

    def _give_to_the_server(self, password_file: Path) -> None:
        """Let the account of the server own its folder; root reads it all the same."""
        if self.user is None:
            return
        account = pwd.getpwnam(self.user)
        for path in (self.folder, password_file):
            os.chown(path, account.pw_uid, account.pw_gid)

    def _command(self) -> Sequence[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self.port),
            "max_connections": "200",
            "fsync": "on",
            "synchronous_commit": "on",
        }
        arguments = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(packages.require(packages.POSTGRES)), "-D", str(self.data), *arguments]

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._plain_url("postgres"), connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False


def _children(pid: int) -> list[int]:
    """The processes that a process has started and that still live, from ``/proc``."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in children.split()]
