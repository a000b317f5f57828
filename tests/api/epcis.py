"""An EPCIS client of the small world, and the worker that stores what it captured."""

from typing import Any

import httpx

from events.timed import timed
from events.wire import decode_event
from store.events import store_events
from store.incoming import incoming_of
from tests.api.world import World

CAPTURE = "/epcis/capture"


def store_published(world: World) -> None:
    """What a worker does with the events on the bus."""
    raws = [raw for _, _, raw in world.publisher.published]
    with world.engine.begin() as connection:
        store_events(connection, [incoming_of(timed(decode_event(raw)), raw) for raw in raws])


async def captured(
    world: World, client: httpx.AsyncClient, given: dict[str, Any], **headers: str
) -> httpx.Response:
    """The answer to a capture; what was taken is stored."""
    answer = await client.post(CAPTURE, json=given, headers=headers)
    store_published(world)
    return answer
