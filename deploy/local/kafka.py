"""Apache Kafka as a local process: one KRaft node that is broker and controller at once."""

import fcntl
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.local import packages
from deploy.local.service import LocalService, ServiceError, free_port

VERSION = "4.1.0"
POM = Path(__file__).parent / "jars" / "pom.xml"
CACHE = Path(__file__).parents[2] / ".cache" / "kafka"

_API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)
"""Size 10, API key 18 (ApiVersions), version 0, correlation id 1, no client id."""


class KafkaService(LocalService):
    """A Kafka on free loopback ports.

    ``quick`` starts the JVM with its first compiler only: a start of few seconds, at the price of
    the broker's speed later. A bench wants it off.
    """

    name = "kafka"

    def __init__(self, folder: Path | None = None, *, quick: bool = True) -> None:
        super().__init__(folder)
        self.port = free_port()
        self._controller_port = free_port()
        self._quick = quick

    @property
    def bootstrap(self) -> str:
        """The broker's address, as clients take it: ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self.port}"

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _prepare(self) -> None:
        fetch_jars()
        self._properties.write_text("".join(f"{k}={v}\n" for k, v in self._settings().items()))
        if (self.data / "meta.properties").exists():
            return
        cluster_id = self._storage_tool("random-uuid").strip()
        self._storage_tool("format", "--standalone", "-t", cluster_id, "-c", str(self._properties))

    def _settings(self) -> dict[str, str]:
        broker, controller = self.bootstrap, f"127.0.0.1:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": "1",
            "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.bootstrap.servers": controller,
            "log.dirs": str(self.data),
            "auto.create.topics.enable": "false",
            # After a kill the controller waits until the broker that it knew has timed out.
            "broker.heartbeat.interval.ms": "300",
            "broker.session.timeout.ms": "1500",
            "group.initial.rebalance.delay.ms": "0",
            "offsets.topic.num.partitions": "4",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
        }

    def _storage_tool(self, *arguments: str) -> str:
        done = subprocess.run(
            [*_java(), "kafka.tools.StorageTool", *arguments],
            capture_output=True, text=True, check=False, cwd=self.folder,
        )
        if done.returncode != 0:
            words = (done.stderr or done.stdout).strip()
            raise ServiceError(f"kafka storage {arguments[0]} failed: {words}")
        return done.stdout

    def _command(self) -> Sequence[str]:
        tuning = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"] if self._quick else []
        return [*_java("-Xms128m", "-Xmx512m", *tuning), "kafka.Kafka", str(self._properties)]

    def _answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(_API_VERSIONS_REQUEST)
            return len(connection.recv(8)) == 8


def _java(*options: str) -> list[str]:
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    java = str(packages.require(packages.JAVA))
    return [java, *(options or ("-XX:TieredStopAtLevel=1",)), quiet, "-cp", f"{fetch_jars()}/*"]


def fetch_jars() -> Path:
    """The folder of Kafka's jars, fetched through Maven the first time (43 MB).

    Raises:
        ServiceError: Maven is missing, or could not fetch them.
    """
    jars = CACHE / VERSION
    with _locked(CACHE):
        if not jars.is_dir():
            _copy_dependencies(jars)
    return jars


def _copy_dependencies(jars: Path) -> None:
    """Fetch beside ``jars`` and rename, so that half of them is never taken for all."""
    maven = packages.require(packages.MAVEN)
    print("services: fetching Kafka's jars through Maven", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as partial:
        done = subprocess.run(
            [
                str(maven), "--batch-mode", "--quiet", "--file", str(POM),
                "dependency:copy-dependencies", f"-DoutputDirectory={partial}/jars",
            ],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            raise ServiceError(f"Maven could not fetch Kafka: {done.stdout.strip()[-2000:]}")
        shutil.move(f"{partial}/jars", jars)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock file, so that two processes do not fetch at once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
