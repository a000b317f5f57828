"""A batch: read whole, checked whole, and published whole or not at all."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import read_body, require_json
from api.problems import Problem
from api.services import Services
from events.errors import EventError, TracewardenError
from events.model import Event
from events.strict import decode_json
from events.wire import encode_event
from stream_processors.bus.port import BusUnavailableError

MOST_EVENTS = 5000


class Admitted(NamedTuple):
    """An event that may go on the bus, and its partition key."""

    key: str
    event: Event


Admit = Callable[[Services, Any, datetime], Admitted]
"""Makes an event of a submitted object, received at a time.

Raises:
    TracewardenError: it cannot be taken; ``field`` names the member.
"""


async def take_batch(request: Request, services: Services, topic: str, admit: Admit) -> Response:
    """Answer 202 once the bus has acknowledged every event of the body.

    Raises:
        Problem: nothing of the batch was published (or, with 503, all of it may be sent again).
    """
    require_json(request)
    items = items_of(await read_body(request))
    received_at = services.clock()
    pairs = await asyncio.to_thread(_admit_all, services, items, received_at, admit)
    if pairs:
        try:
            await services.publisher.publish(topic, pairs)
        except BusUnavailableError as error:
            raise Problem(503, error.type, error.detail, headers={"Retry-After": "5"}) from None
    return JSONResponse({"accepted": len(pairs)}, 202, headers={"Cache-Control": "no-store"})


def items_of(body: bytes) -> list[Any]:
    """The submitted objects of ``[…]`` or ``{"events":[…]}``.

    Raises:
        Problem: 400 where it is not JSON, 422 where it is something else, 413 where it is too much.
    """
    try:
        content = decode_json(body)
    except EventError as error:
        raise Problem.of(error, status=400) from None
    if isinstance(content, dict):
        for name in content:
            if name != "events":
                detail = "a batch has the member `events` only"
                raise Problem(422, "field-unknown", detail, field=name[:200])
        content = content.get("events")
    if not isinstance(content, list):
        raise Problem(422, "event-invalid", "a batch is a JSON array of events", field="events")
    if len(content) > MOST_EVENTS:
        raise Problem(413, "batch-too-large", f"at most {MOST_EVENTS} events are taken at once")
    return content


def _admit_all(
    services: Services, items: list[Any], received_at: datetime, admit: Admit
) -> list[tuple[str, bytes]]:
    pairs: list[tuple[str, bytes]] = []
    for index, item in enumerate(items):
        try:
            admitted = admit(services, item, received_at)
        except TracewardenError as error:
            raise Problem.of(error, item=index) from None
        pairs.append((admitted.key, encode_event(admitted.event)))  # type: ignore[arg-type]
    return pairs
