"""Redis as a local process; what it holds outlives a restart and a kill, unless it is wiped."""

import socket
from collections.abc import Sequence
from pathlib import Path

from deploy.local import packages
from deploy.local.service import LocalService, free_port


class RedisService(LocalService):
    """A Redis on a free loopback port, with its append-only file in its own folder."""

    name = "redis"

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self.port = free_port()

    @property
    def url(self) -> str:
        """Database 0, as ``redis://127.0.0.1:PORT/0``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def _prepare(self) -> None:
        self.data.mkdir(exist_ok=True)

    def _command(self) -> Sequence[str]:
        return [
            str(packages.require(packages.REDIS)),
            "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.data),
            "--appendonly", "yes", "--save", "", "--daemonize", "no",
        ]

    def _answers(self) -> bool:
        """Whether it is ours that answers: the port may have been taken before we had it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(b"INFO server\r\n")
            return f"process_id:{self.pid}\r\n".encode() in connection.recv(65536)
