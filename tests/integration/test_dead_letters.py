"""Bad records become dead letters with their bytes and reason; the stream goes on. And every
compression that Kafka has is read."""

import base64
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer
from sqlalchemy import Engine, text

from deploy.local import KafkaService, RedisService
from store.engine import open_engine
from store.transactions import reading
from tests.integration.stacks import Process, run_command, wait_until

BAD = {
    "no JSON at all": b"\xff\xfe not json",
    "another version": b'{"v":2,"events":[]}',
    "a latitude of 95": b'{"v":1,"events":[{"kind":"position","event_id":"p","tracker_id":"t",'
    b'"received_at":"2026-05-01T00:00:00Z","fixed_at":"2026-05-01T00:00:00Z","lon":1,"lat":95,'
    b'"accuracy_m":5}]}',
    "a null island": b'{"v":1,"events":[{"kind":"position","event_id":"q","tracker_id":"t",'
    b'"received_at":"2026-05-01T00:00:00Z","fixed_at":"2026-05-01T00:00:00Z","lon":0,"lat":0,'
    b'"accuracy_m":5}]}',
    "from the future": b'{"v":1,"events":[{"kind":"position","event_id":"r","tracker_id":"t",'
    b'"received_at":"2026-05-01T00:00:00Z","fixed_at":"2026-05-01T00:06:00Z","lon":1,"lat":5,'
    b'"accuracy_m":5}]}',
    "another topic's event": b'{"v":1,"events":[{"kind":"tick","event_id":"s",'
    b'"received_at":"2026-05-01T00:00:00Z"}]}',
}


def position(event_id: str) -> dict[str, object]:
    at = datetime(2026, 5, 1, tzinfo=UTC).isoformat()
    return {
        "kind": "position", "event_id": event_id, "received_at": at, "fixed_at": at,
        "tracker_id": "TRK-1", "lon": 1.5, "lat": 5.0, "accuracy_m": 8.0,
    }


def stored(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        rows = connection.execute(text("SELECT identity FROM events WHERE kind = 'position'"))
        return {str(row.identity).removeprefix("position:") for row in rows}


@pytest.mark.timeout(200)
def test_bad_records_become_dead_letters_and_every_compression_is_read(
    tmp_path: Path, own_kafka: KafkaService, database_url: str, redis_server: RedisService
) -> None:
    env = {
        "TRACEWARDEN_DATABASE_URL": database_url,
        "TRACEWARDEN_KAFKA_BOOTSTRAP": own_kafka.bootstrap,
        "TRACEWARDEN_KAFKA_PARTITIONS": "4",
        "TRACEWARDEN_REDIS_URL": redis_server.url,
    }
    run_command(["migrate"], env)
    run_command(["topics", "create"], env)
    ids = set()
    for compression in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = Producer(
            {"bootstrap.servers": own_kafka.bootstrap, "compression.type": compression}
        )
        event_id = f"{compression}-{uuid.uuid4().hex}"
        ids.add(event_id)
        record = json.dumps({"v": 1, "events": [position(event_id)]}).encode()
        producer.produce("positions", record, key=b"TRK-1")
        producer.flush(30)
    producer = Producer({"bootstrap.servers": own_kafka.bootstrap})
    for value in BAD.values():
        producer.produce("positions", value, key=b"TRK-1")
    last = f"last-{uuid.uuid4().hex}"
    ids.add(last)
    mixed = {"v": 1, "events": [{"kind": "position", "nonsense": 1}, position(last)]}
    producer.produce("positions", json.dumps(mixed).encode(), key=b"TRK-1")
    producer.flush(30)

    worker = Process(tmp_path, "worker", ["worker"], env)
    engine = open_engine(database_url)
    worker.start()
    try:
        wait_until("good events are stored", lambda: ids <= stored(engine), limit_s=90)
    except AssertionError:
        print(worker.tail())
        raise
    finally:
        worker.stop()
        engine.dispose()
    listed = run_command(["topics", "dead-letters"], env).splitlines()
    letters = [json.loads(line) for line in listed]


    raws = [base64.b64decode(letter["event_base64"]) for letter in letters]
    for name, value in BAD.items():
        is_whole = name in ("no JSON at all", "another version")
        inner = value if is_whole else value.removeprefix(b'{"v":1,"events":[')[:-2]
        assert inner in raws, name
    assert all(letter["detail"] and letter["topic"] == "positions" for letter in letters)
    before = len(letters)
    number = letters[0]["number"]
    run_command(["topics", "dead-letters", "--only", number, "--send-again"], env)
    assert len(run_command(["topics", "dead-letters"], env).splitlines()) == before
