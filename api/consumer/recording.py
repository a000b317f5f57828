"""A consumer's scan as an event: durable before the page answers, on the bus soon after."""

import asyncio
import logging
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from api.consumer.reading import ReadCode
from api.consumer.view import unless_down
from api.consumer.visits import Visit
from api.outbox_relay import OutboxRelay
from api.services import Services
from events.identity import identity
from events.model import Location, Scan
from events.wire import encode_event
from store import outbox
from stream_processors.topics import SCANS

_log = logging.getLogger(__name__)


def scan_of(
    services: Services,
    visit: Visit,
    code: ReadCode,
    now: datetime,
    location: Location | None,
    *,
    hidden_code: bool = False,
) -> Scan:
    """The visit's scan, or the one that adds a location or the right hidden code; all are of one
    session."""
    issue = unless_down(lambda: services.issue_of(code.gtin, code.serial))
    event_id = visit.scan_id if location is None else visit.location_scan_id
    return Scan(
        event_id=visit.hidden_scan_id if hidden_code else event_id,
        received_at=now,
        scanned_at=now,
        uri=code.uri,
        gtin=code.gtin,
        serial=code.serial,
        signature=code.signature,
        issued=unless_down(lambda: services.issued(code.gtin, code.serial)),
        activation=None if issue is None else issue.objection,
        reader="consumer",
        session=visit.visit_id,
        location=location,
        hidden_code="matched" if hidden_code else None,
    )


async def record_scan(
    services: Services,
    relay: OutboxRelay,
    visit: Visit,
    code: ReadCode,
    location: Location | None = None,
) -> None:
    """Keep the scan; one that is kept already stays as it is.

    Where the database does not take it, the bus is asked directly.

    Raises:
        BusUnavailableError: neither database nor bus took it.
    """
    now = services.clock()
    scan = await asyncio.to_thread(scan_of, services, visit, code, now, location)
    event = outbox.Outgoing(identity(scan), SCANS, code.subject, encode_event(scan))
    try:
        await asyncio.to_thread(outbox.put, services.engine, [event], now)
    except SQLAlchemyError as error:
        _log.error("the outbox took no scan, so the bus is asked: %s", error)
        await services.publisher.publish(SCANS, [(event.subject, event.raw)])
    else:
        relay.wake()
