"""Administration of topics, by kafka-python: creating them, reading dead letters, sending again."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.structs import TopicPartition

from events.errors import EventError
from events.wire import decode_record, encode_record
from stream_processors.bus.kafka import MAX_RECORD_BYTES
from stream_processors.bus.port import BusUnavailableError
from stream_processors.messages import DeadLetter, decode_dead_letter
from stream_processors.topics import ALL, DEAD_LETTERS


class Letter(NamedTuple):
    """A dead letter and its number: the place in the order in which they are listed."""

    number: str
    letter: DeadLetter


def create_topics(
    bootstrap: str, *, partitions: int, replication: int, names: Sequence[str] = ALL
) -> list[str]:
    """Create the topics that are not there; returns their names.

    Raises:
        BusUnavailableError: Kafka does not answer, or refuses.
    """
    try:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    except KafkaError as error:
        raise BusUnavailableError(f"Kafka at {bootstrap}: {error}") from None
    made = []
    configs = {
        "max.message.bytes": str(MAX_RECORD_BYTES),
        "min.insync.replicas": str(max(1, replication - 1)),
    }
    try:
        there = set(admin.list_topics())
        for name in names:
            if name in there:
                continue
            topic = NewTopic(name, partitions, replication, topic_configs=configs)
            try:
                admin.create_topics([topic])
            except TopicAlreadyExistsError:
                continue
            made.append(name)
    except KafkaError as error:
        raise BusUnavailableError(f"Kafka at {bootstrap}: {error}") from None
    finally:
        admin.close()
    return made


def dead_letters(bootstrap: str) -> Iterator[Letter]:
    """All dead letters that the topic holds now, by partition and offset.

    Raises:
        BusUnavailableError: Kafka does not answer.
    """
    try:
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    except KafkaError as error:
        raise BusUnavailableError(f"Kafka at {bootstrap}: {error}") from None
    try:
        numbers = consumer.partitions_for_topic(DEAD_LETTERS) or set()
        for number in sorted(numbers):
            yield from _letters_of(consumer, TopicPartition(DEAD_LETTERS, number))
    finally:
        consumer.close()


def _letters_of(consumer: KafkaConsumer, partition: TopicPartition) -> Iterator[Letter]:
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    consumer.seek_to_beginning(partition)
    while consumer.position(partition) < end:
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                yield from _unpacked(record.value, f"{partition.partition}-{record.offset}")


def _unpacked(value: bytes, number: str) -> Iterator[Letter]:
    try:
        raws = decode_record(value)
    except EventError:
        return
    for index, raw in enumerate(raws):
        yield Letter(f"{number}-{index}", decode_dead_letter(raw))


def send_again(bootstrap: str, letters: list[DeadLetter]) -> int:
    """Publish the original bytes of dead letters on the topics they came from; acknowledged by all
    replicas when this returns. Returns how many.

    Raises:
        BusUnavailableError: Kafka did not acknowledge.
    """
    try:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap, acks="all", max_request_size=MAX_RECORD_BYTES
        )
        for letter in letters:
            record = letter.raw
            if not _is_record(record):
                record = encode_record([record])
            producer.send(letter.topic, record, partition=letter.partition).get(timeout=30)
        producer.close()
    except KafkaError as error:
        raise BusUnavailableError(f"Kafka at {bootstrap}: {error}") from None
    return len(letters)


def _is_record(raw: bytes) -> bool:
    try:
        decode_record(raw)
    except EventError:
        return False
    return True
