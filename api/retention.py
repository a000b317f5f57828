"""Forgetting: what the pages promise to keep only so long is removed when its time is over."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from api.services import Services
from evidence.errors import EvidenceError
from store.event_erasures import erase_old
from store.hidden_codes import purge_sources
from store.instants import to_us
from store.outbox import purge
from store.reports import purge_reports

_log = logging.getLogger(__name__)

LOOKS_EVERY = timedelta(hours=1)
PUBLISHED_KEPT_FOR = timedelta(days=1)
"""How long a published scan stays in the outbox for the page's count of queries; the workers have
stored it long before."""


SOURCES_KEPT_FOR = timedelta(days=1)
"""How long a hashed address is kept that gave a hidden code; its count ends after an hour."""


def forget_old(services: Services) -> int:
    """Remove consumers' reports and published outbox rows whose time is over, and place and
    session from their scans; returns how many."""
    now = services.clock()
    places_kept_for = timedelta(days=services.settings.location_retention_days)
    erased = erase_old(
        services.engine,
        to_us(now - places_kept_for),
        now_us=to_us(now),
        entropy=services.random_bytes,
    )
    reports_kept_for = timedelta(days=services.settings.report_retention_days)
    forgotten = purge_reports(services.engine, now - reports_kept_for)
    forgotten += purge_sources(services.engine, now - SOURCES_KEPT_FOR)
    return erased.scans + forgotten + purge(services.engine, now - PUBLISHED_KEPT_FOR)


async def keep_forgetting(services: Services) -> None:
    """A background task of the API."""
    while True:
        try:
            await asyncio.to_thread(forget_old, services)
        except (SQLAlchemyError, EvidenceError) as error:
            _log.warning("old rows stay for another hour: %s", error)
        await asyncio.sleep(LOOKS_EVERY.total_seconds())
