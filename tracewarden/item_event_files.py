"""``custody import``: the events of a table go on the bus of an installation."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from api.epcis.tables import admit_table
from custody.tables import RowError
from custody.tables.cells import CellError, zone_of
from store.transactions import reading
from stream_processors.bus.kafka import KafkaPublisher
from stream_processors.bus.port import Publisher
from stream_processors.bus.queue import QueueFile, QueuePublisher
from stream_processors.registry_source import RegistrySource
from stream_processors.topics import ITEM_EVENTS
from tracewarden.installation import ConfigurationError, EmbeddedFolder, open_database
from tracewarden.settings import Settings


class Imported(NamedTuple):
    """Rows read, events on the bus, and bad rows."""

    rows: int
    published: int
    errors: Sequence[RowError]


def import_table(
    file: Path, data: Path | None, *, zone: str | None, columns: Sequence[str], proceed: bool
) -> Imported:
    """Import a file whole or not at all, or its good rows with ``proceed``.

    Raises:
        TracewardenError: nothing of the file can be read, or the installation is not configured.
    """
    settings = Settings()
    content = file.read_bytes()
    try:
        known_zone = None if zone is None else zone_of(zone)
    except CellError as error:
        raise ConfigurationError(str(error), field="--zone") from None
    engine = open_database(data, settings)
    with reading(engine) as connection:
        registry = RegistrySource().current(connection)
    found = admit_table(
        engine, registry, content, datetime.now(UTC), zone=known_zone, columns=_columns(columns)
    )
    engine.dispose()
    if not found.taken or (found.errors and not proceed):
        return Imported(found.rows, 0, found.errors)
    events = [(taken.key, taken.raw) for taken in found.taken]
    asyncio.run(_publish(data or settings.data, settings, events))
    return Imported(found.rows, len(events), found.errors)


def _columns(pairs: Sequence[str]) -> dict[str, str]:
    split = [pair.rpartition("=") for pair in pairs]
    if not all(separator for _, separator, _ in split):
        raise ConfigurationError("a column is mapped as TITLE=COLUMN", field="--map")
    return {title: name for title, _, name in split}


async def _publish(
    folder: Path | None, settings: Settings, events: Sequence[tuple[str, bytes]]
) -> None:
    publisher = _publisher(folder, settings)
    await publisher.start()
    try:
        await publisher.publish(ITEM_EVENTS, events)
    finally:
        await publisher.close()


def _publisher(folder: Path | None, settings: Settings) -> Publisher:
    if folder is not None:
        return QueuePublisher(QueueFile(EmbeddedFolder(folder).queue))
    if not settings.kafka_bootstrap:
        raise ConfigurationError(
            "name a folder by --data, or TRACEWARDEN_KAFKA_BOOTSTRAP", field="--data"
        )
    return KafkaPublisher(settings.kafka_bootstrap)
