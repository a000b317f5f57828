"""What the local services share: a process on free loopback ports, its data and its end."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path


class ServiceError(Exception):
    """A local service could not be installed, started or reached."""


class LocalService(ABC):
    """One server process of ours.

    Its ports stay the same from ``start`` to ``start``, so clients find it again after a restart.
    Without a ``folder`` its data lie in a new temporary one, which ``discard`` removes.
    """

    name: str
    """The service's name in messages, and of its folder."""

    user: str | None = None
    """The account that the process runs as; None for the caller's."""

    stop_signal = signal.SIGTERM
    start_seconds = 60.0
    stop_seconds = 30.0

    def __init__(self, folder: Path | None = None) -> None:
        self._is_temporary = folder is None
        prefix = f"tracewarden-{self.name}-"
        self.folder = folder or Path(tempfile.mkdtemp(prefix=prefix, dir="/var/tmp"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The folder of the server's own files."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server wrote to stdout and stderr, over all its starts."""
        return self.folder / "log.txt"

    @property
    def is_running(self) -> bool:
        """Whether our process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise ServiceError(f"{self.name} is not running")
        return self._process.pid

    @abstractmethod
    def _prepare(self) -> None:
        """Make ``data`` fit for a start where it is not yet."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """The server's command line."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server does its work; may raise OSError instead of returning False."""

    def start(self) -> None:
        """Start the server on the data that are there, and return once it answers.

        Raises:
            ServiceError: it ended or did not answer in time; the end of its log is in the message.
        """
        if self.is_running:
            return
        self._prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, user=self.user, group=self.user,
                extra_groups=[] if self.user else None, start_new_session=True,
            )
        self._leash = _leash(self._process.pid)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the server as an operator would; its data stay."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End the server by SIGKILL, in the middle of whatever it does; its data stay."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start, on the same ports and data."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Kill the server and remove its data; the next start begins empty."""
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)

    def discard(self) -> None:
        """Stop the server, and remove its folder if that is a temporary one."""
        self.stop()
        if self._is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        process, leash = self._process, self._leash
        self._process = self._leash = None
        if leash is not None:
            leash.kill()
            leash.communicate()
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline:
            if not self.is_running:
                raise ServiceError(f"{self.name} ended while starting:\n{self._end_of_log()}")
            try:
                if self._answers():
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise ServiceError(
            f"{self.name} did not answer within {self.start_seconds:.0f} s:\n{self._end_of_log()}"
        )

    def _end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _leash(pid: int) -> subprocess.Popen[bytes]:
    """A process that kills the server once our end of its pipe closes, however we ended."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'cat >/dev/null; kill -KILL "$1"', "leash", str(pid)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
