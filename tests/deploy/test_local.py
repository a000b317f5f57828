import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka
import psycopg
import pytest
import redis
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local import KafkaService, PostgresService, RedisService, ServiceError, packages
from deploy.local.packages import Program

pytestmark = pytest.mark.real_parts


@pytest.fixture(scope="module")
def own_kafka() -> Iterator[KafkaService]:
    service = KafkaService()
    service.start()
    yield service
    service.discard()


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[PostgresService]:
    service = PostgresService()
    service.start()
    yield service
    service.discard()


@pytest.fixture
def own_redis() -> Iterator[RedisService]:
    service = RedisService()
    service.start()
    yield service
    service.discard()


def create_topic(kafka: KafkaService, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.create_topics([NewTopic(topic, 1, 1)]).values():
        future.result(20)


def produce(kafka: KafkaService, topic: str, value: bytes) -> None:
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all"})
    producer.produce(topic, value)
    assert producer.flush(30) == 0


def consume(kafka: KafkaService, topic: str, count: int) -> list[bytes | None]:
    consumer = confluent_kafka.Consumer(
        {"bootstrap.servers": kafka.bootstrap, "group.id": "reader", "enable.auto.commit": False}
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    try:
        return [message.value() for message in consumer.consume(count, timeout=30)]
    finally:
        consumer.close()


def test_kafka_keeps_acknowledged_records_through_a_kill_and_a_restart(
    own_kafka: KafkaService,
) -> None:
    create_topic(own_kafka, "kept")
    produce(own_kafka, "kept", b"before the kill")
    own_kafka.kill()
    own_kafka.start()
    produce(own_kafka, "kept", b"after the kill")
    own_kafka.restart()
    assert consume(own_kafka, "kept", 2) == [b"before the kill", b"after the kill"]


def test_kafka_makes_no_topic_that_nobody_asked_for(own_kafka: KafkaService) -> None:
    create_topic(own_kafka, "asked-for")
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap})
    admin.list_topics("not-asked-for", timeout=10)
    assert "not-asked-for" not in admin.list_topics(timeout=10).topics


def plain(url: str) -> str:
    """The URL as psycopg itself takes it."""
    return url.replace("+psycopg", "", 1)


def test_postgres_keeps_committed_rows_through_a_kill_and_a_restart(
    own_postgres: PostgresService,
) -> None:
    url = plain(own_postgres.create_database())
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('committed')")
    own_postgres.kill()
    own_postgres.start()
    own_postgres.restart()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("committed",)]


def test_postgres_starts_again_after_a_kill_with_a_session_in_mid_query(
    own_postgres: PostgresService,
) -> None:
    with psycopg.connect(plain(own_postgres.url)) as connection:
        connection.execute("SELECT 1")
        own_postgres.kill()
        own_postgres.start()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_postgres_runs_with_fsync_and_asks_for_the_password(own_postgres: PostgresService) -> None:
    with psycopg.connect(plain(own_postgres.url)) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(plain(own_postgres.url).replace(own_postgres.password, "guess"))


def test_postgres_gives_each_asker_an_empty_database_and_drops_it(
    own_postgres: PostgresService,
) -> None:
    first, second = own_postgres.create_database(), own_postgres.create_database()
    with psycopg.connect(plain(first)) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    with psycopg.connect(plain(second)) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    own_postgres.drop_database(first)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(plain(first))


def client(server: RedisService) -> "redis.Redis":
    return redis.Redis.from_url(server.url)


def test_redis_keeps_its_keys_through_a_kill_and_loses_them_in_a_wipe(
    own_redis: RedisService,
) -> None:
    with client(own_redis) as before:
        before.set("key", b"value")
    own_redis.kill()
    own_redis.start()
    with client(own_redis) as between:
        assert between.get("key") == b"value"
    own_redis.wipe()
    own_redis.start()
    with client(own_redis) as after:
        assert after.get("key") is None


def test_discarding_a_service_ends_it_and_removes_its_temporary_folder() -> None:
    service = RedisService()
    service.start()
    pid = service.pid
    service.discard()
    assert not service.is_running
    assert not service.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_service_that_ends_while_starting_says_why(tmp_path: Path) -> None:
    first = RedisService(tmp_path / "first")
    first.start()
    second = RedisService(tmp_path / "second")
    second.port = first.port
    try:
        with pytest.raises(ServiceError, match="(?s)redis ended while starting.*in use"):
            second.start()
    finally:
        first.discard()


def test_a_server_dies_with_the_process_that_started_it() -> None:
    script = (
        "import os, signal\n"
        "from deploy.local import RedisService\n"
        "service = RedisService()\n"
        "service.start()\n"
        "print(service.pid, service.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    pid, folder = done.stdout.split()
    wait_until_gone(int(pid))
    subprocess.run(["rm", "-r", folder], check=True)


def wait_until_gone(pid: int) -> None:
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        signal.sigtimedwait([], 0.1)
    raise AssertionError(f"process {pid} outlived its parent")


def test_without_rights_a_missing_program_is_named_by_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    missing = Program("surely-not-here", lambda: None)
    with pytest.raises(ServiceError, match="apt-get install surely-not-here"):
        packages.require(missing)


def test_up_prints_settings_that_work_and_down_stops_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.local"]
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    up = subprocess.Popen(
        [*command, "up"], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=here
    )
    with up:
        assert up.stdout is not None
        lines = [up.stdout.readline() for _ in range(3)]
        words = [line.strip().removeprefix("export ").partition("=") for line in lines]
        settings = {key: value for key, _, value in words}
        with redis.Redis.from_url(settings["TRACEWARDEN_REDIS_URL"]) as server:
            assert server.ping()
        assert run(*command, "env", cwd=tmp_path, env=here).stdout == "".join(lines)
        assert run(*command, "down", cwd=tmp_path, env=here).returncode == 0
        assert up.wait(30) == 0
    gone = run(*command, "down", cwd=tmp_path, env=here)
    assert gone.returncode == 2
    assert gone.stderr == "services: none run in this folder; `up` starts them\n"


def run(*command: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
